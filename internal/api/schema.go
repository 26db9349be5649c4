package api

import (
	"context"
	"net/http"

	"rollcall/internal/engine"
	"rollcall/internal/entraschema"
)

// SchemaImport tells what an import of a synchronization schema does, or did.
type SchemaImport struct {
	Saved bool `json:"saved" doc:"The settings were changed: it was no dry run, and there was something to change."`
	// Notes list what is not carried over as it is.
	Notes []SchemaNote `json:"notes" nullable:"false" doc:"Everything of the schema that is not carried over as it is."`
	// Preview is what the next run does.
	Preview Preview `json:"preview" doc:"What changes, and what the next run does."`
}

// SchemaNote tells of something in a schema that is not carried over as it is.
type SchemaNote struct {
	Path    string             `json:"path,omitempty" doc:"The place in the document; absent for what was added." example:"synchronizationRules[0].objectMappings[0].attributeMappings[3].flowType"`
	Subject string             `json:"subject,omitempty" doc:"The mapping, by its target, the filter, rule or object mapping that the note is about."`
	Effect  entraschema.Effect `json:"effect" enum:"dropped,changed,added" doc:"What became of it."`
	Text    string             `json:"text" doc:"What was done and why, as a sentence."`
}

// schemaDocument is a synchronizationSchema as it is.
type schemaDocument struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (s *server) serveSchemas() {
	serve(s, operation{
		id: "exportSchema", method: http.MethodGet, path: inOrg + "/instances/{id}/schema", tag: "Instances", summary: "Export mappings and filters as Entra's schema",
		detail:  "A synchronizationSchema as Microsoft Graph has it. Selected users, guests and thresholds have no place in one.",
		streams: jsonType,
	}, s.exportSchema)
	serve(s, operation{
		id: "importSchema", method: http.MethodPut, path: inOrg + "/instances/{id}/schema", tag: "Instances", summary: "Import mappings and filters from Entra's schema",
		detail: "A synchronizationSchema, or a synchronizationJob or template with one in it, as Microsoft Graph returns it, 8 MiB at most. Its attribute mappings " +
			"and scoping filters replace those of the instance; everything else of the instance stays.",
		document: true,
	}, s.importSchema)
}

func (s *server) exportSchema(ctx context.Context, in *InInstance) (*schemaDocument, error) {
	instance, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	settings, err := s.Engine.Store.Settings(ctx, in.ID, instance.ConfigVersion)
	if err != nil {
		return nil, err
	}
	document, err := entraschema.Export(entraschema.Configuration{Attributes: settings.Attributes, Filters: settings.Scope.Filters}, entraschema.Names{})
	return &schemaDocument{ContentType: jsonType, Body: document}, err
}

func (s *server) importSchema(ctx context.Context, in *struct {
	InInstance
	DryRun  bool   `query:"dryRun" doc:"Only say what would change."`
	RawBody []byte `contentType:"application/json"`
},
) (*body[SchemaImport], error) {
	configuration, notes, err := entraschema.Import(in.RawBody)
	if err != nil {
		return nil, err
	}
	instance, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out := SchemaImport{Notes: each(notes, func(n entraschema.Note) SchemaNote { return SchemaNote(n) })}
	settings, err := s.withSchema(ctx, instance, configuration)
	if err != nil {
		return nil, err
	}
	// Counting takes long, so it is not part of the transaction that saves.
	if out.Preview, err = s.preview(ctx, instance, settings); err != nil || in.DryRun || len(out.Preview.Differences) == 0 {
		return reply(out), err
	}
	out.Saved = true
	return reply(out), s.Engine.Store.InTx(ctx, func(ctx context.Context) error {
		instance, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID)
		if err != nil {
			return err
		}
		settings, err := s.withSchema(ctx, instance, configuration)
		if err != nil {
			return err
		}
		_, err = s.Engine.ChangeInstance(ctx, in.ID, engine.Change{Settings: &settings})
		return err
	})
}

// withSchema returns the present settings of an instance with the mappings and filters of a schema.
func (s *server) withSchema(ctx context.Context, instance engine.Instance, schema entraschema.Configuration) (engine.Settings, error) {
	settings, err := s.Engine.Store.Settings(ctx, instance.ID, instance.ConfigVersion)
	settings.Attributes, settings.Scope.Filters = schema.Attributes, schema.Filters
	return settings, err
}
