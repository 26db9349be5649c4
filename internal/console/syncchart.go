package console

import (
	"sync"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

// How much the chart shows, and how many runs it reads for it at most.
const (
	chartDays   = 30
	chartPage   = 1000
	chartRuns   = 50_000
	chartHeight = 56
	barWidth    = 8
	barDistance = 10
)

// chart shows how many changes were written on each of the last days.
type chart struct {
	Width, Height int
	Bars          []bar
	Total         int
	Label         string
}

type bar struct {
	X, Y, Height int
	Day          string
	Count        int
	// Held: removals were held on that day.
	Held bool
}

// dayCount is what runs wrote on a day.
type dayCount struct {
	changes int
	held    bool
}

// pastDays remembers what was written on days that are over: that never changes any more.
type pastDays struct {
	mu   sync.Mutex
	days map[ident.ID]map[int64]dayCount
	// read is the first day that was not over when an instance was read.
	read map[ident.ID]int64
}

func dayOf(at time.Time) int64 { return at.Unix() / 86400 }

// changesChart counts the changes of the last days by the runs that wrote them.
func (s *server) changesChart(r *request, instance engine.Instance) (*chart, error) {
	today := dayOf(r.now())
	days, err := s.days.count(r, s.Engine, instance, today)
	if err != nil {
		return nil, err
	}
	c := &chart{Width: chartDays*barDistance - (barDistance - barWidth), Height: chartHeight}
	most := 1
	for day := today - chartDays + 1; day <= today; day++ {
		most = max(most, days[day].changes)
	}
	for i := range chartDays {
		day := today - chartDays + 1 + int64(i)
		count := days[day]
		height := count.changes * chartHeight / most
		if count.changes > 0 {
			height = max(height, 3)
		} else {
			height = 1
		}
		c.Bars = append(c.Bars, bar{
			X: i * barDistance, Y: chartHeight - height, Height: height, Count: count.changes, Held: count.held,
			Day: r.words.day(time.Unix(day*86400, 0).UTC()),
		})
		c.Total += count.changes
	}
	c.Label = r.say("sync.chart.label", "n", c.Total)
	return c, nil
}

func (p *pastDays) count(r *request, e *engine.Engine, instance engine.Instance, today int64) (map[int64]dayCount, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	from := max(today-chartDays+1, p.read[instance.ID])
	days := map[int64]dayCount{}
	for day, count := range p.days[instance.ID] {
		if day > today-chartDays {
			days[day] = count
		}
	}
	query := engine.RunQuery{Org: instance.OrgID, Instance: instance.ID, Limit: chartPage}
	for read := 0; read < chartRuns; read += chartPage {
		runs, err := e.Store.ListRuns(r.ctx(), query)
		if err != nil {
			return nil, err
		}
		past := false
		for _, run := range runs {
			day := dayOf(run.QueuedAt)
			if past = day < from; past {
				break
			}
			count := days[day]
			if !run.Kind.Proposes() {
				count.changes += run.Progress.Applied
			}
			count.held = count.held || run.Progress.Held != ""
			days[day] = count
		}
		if past || len(runs) < chartPage {
			break
		}
		query.Before = runs[len(runs)-1].ID
	}
	p.keep(instance.ID, days, today)
	return days, nil
}

// keep remembers the days before yesterday: a run that was asked for late yesterday may still be at work.
func (p *pastDays) keep(instance ident.ID, days map[int64]dayCount, today int64) {
	if p.days == nil {
		p.days, p.read = map[ident.ID]map[int64]dayCount{}, map[ident.ID]int64{}
	}
	kept := map[int64]dayCount{}
	for day, count := range days {
		if day < today-1 {
			kept[day] = count
		}
	}
	p.days[instance], p.read[instance] = kept, today-1
}
