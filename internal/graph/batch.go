package graph

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
)

// maxBatch is how many requests one batch may hold: https://learn.microsoft.com/graph/json-batching.
const maxBatch = 20

// part is one answer inside a batch. A status of 0 means: none yet.
type part struct {
	status int
	header http.Header
	body   json.RawMessage
}

type batchRequest struct {
	Requests []batchPart `json:"requests"`
}

type batchPart struct {
	ID      string            `json:"id"`
	Method  string            `json:"method"`
	URL     string            `json:"url"` // without host and version
	Headers map[string]string `json:"headers,omitempty"`
}

type batchResponse struct {
	Responses []struct {
		ID      string            `json:"id"`
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"responses"`
}

// getBatch gets at most maxBatch addresses in one request, each with the headers, and returns their answers in the same order. Parts that were
// throttled or failed for now are asked again, by themselves; all other answers are returned whatever their status.
func (c *Client) getBatch(ctx context.Context, addresses []string, headers map[string]string) ([]part, error) {
	parts := make([]part, len(addresses))
	err := c.persist(ctx, func(try int) error {
		r, err := c.batchOf(addresses, headers, parts)
		if err != nil {
			return err
		}
		return c.attempt(ctx, r, try, func(a answer) error { return c.settle(r, a, parts) })
	})
	return parts, err
}

// batchOf makes the request for the parts that have no answer yet; their ids are their places.
func (c *Client) batchOf(addresses []string, headers map[string]string, parts []part) (request, error) {
	var batch batchRequest
	for i, address := range addresses {
		if parts[i].status == 0 {
			batch.Requests = append(batch.Requests, batchPart{ID: strconv.Itoa(i), Method: http.MethodGet, URL: address, Headers: headers})
		}
	}
	body, err := json.Marshal(batch)
	return request{
		method: http.MethodPost, url: c.address(routeBatch), route: routeBatch,
		header: http.Header{"Content-Type": {"application/json"}}, body: body,
	}, err
}

// settle files the answers of a batch. What is left open is a setback: that of the part that asks for the longest wait.
func (c *Client) settle(r request, a answer, parts []part) error {
	var batch batchResponse
	if err := json.Unmarshal(a.body, &batch); err != nil {
		return err
	}
	var worst *setback
	for _, response := range batch.Responses {
		i, err := strconv.Atoi(response.ID)
		if err != nil || i < 0 || i >= len(parts) {
			return errors.New("an answer to a request that was not in the batch")
		}
		header := make(http.Header, len(response.Headers))
		for name, value := range response.Headers {
			header.Set(name, value)
		}
		if !worthRepeating(response.Status) {
			parts[i] = part{status: response.Status, header: header, body: response.Body}
			continue
		}
		refused := c.refusal(r, answer{status: response.Status, header: header, body: response.Body, requestID: a.requestID})
		if s, passes := errors.AsType[*setback](refused); passes && (worst == nil || s.asked && s.wait >= worst.wait) {
			worst = s
		}
	}
	if worst != nil {
		return worst
	}
	for _, p := range parts {
		if p.status == 0 {
			return errors.New("a batch without an answer to each of its requests")
		}
	}
	return nil
}
