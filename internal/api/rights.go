package api

import "rollcall/internal/directory"

// access is what an operation asks of a token.
type access struct {
	// right that the token must have; "" for none but being good.
	right directory.Right
	// server: the token must not be bound to an organization.
	server bool
}

// accesses says what each operation asks for, by operation id. An operation without an entry is refused to everybody.
var accesses = map[string]access{
	"getMe": {},

	"listOrganizations":  {right: directory.ReadDirectory, server: true},
	"createOrganization": {right: directory.Administer, server: true},
	"getOrganization":    {right: directory.ReadDirectory},
	"changeOrganization": {right: directory.Administer},

	"listConnections":     {right: directory.ReadDirectory},
	"createConnection":    {right: directory.Administer},
	"getConnection":       {right: directory.ReadDirectory},
	"changeConnection":    {right: directory.Administer},
	"deleteConnection":    {right: directory.Administer},
	"checkConnection":     {right: directory.Administer},
	"awaitConsent":        {right: directory.Administer},
	"readTenant":          {right: directory.Administer},
	"getRegistration":     {right: directory.ReadDirectory},
	"sendToMicrosoft":     {right: directory.Administer},
	"returnFromMicrosoft": {right: directory.Administer},
	"listTenantGroups":    {right: directory.ReadDirectory},

	"listInstances":  {right: directory.ReadDirectory},
	"createInstance": {right: directory.Administer},
	"getInstance":    {right: directory.ReadDirectory},
	"changeInstance": {right: directory.Administer},
	"deleteInstance": {right: directory.Administer},
	"syncInstance":   {right: directory.Administer},

	"withdrawConsent": {right: directory.Administer},

	"reconcileInstance": {right: directory.Administer},

	"testDestination":         {right: directory.Administer},
	"testInstanceDestination": {right: directory.Administer},
	"renewDestinationSecret":  {right: directory.Administer},

	"previewInstance":      {right: directory.ReadDirectory},
	"restoreMappings":      {right: directory.Administer},
	"exportSchema":         {right: directory.ReadDirectory},
	"importSchema":         {right: directory.Administer},
	"listSourceAttributes": {right: directory.ReadDirectory},
	"evaluateExpression":   {right: directory.ReadDirectory},
	"checkExpression":      {right: directory.ReadDirectory},
	"listFunctions":        {right: directory.ReadDirectory},
	"listOperators":        {right: directory.ReadDirectory},

	"explainUser":    {right: directory.ReadDirectory},
	"explainGroup":   {right: directory.ReadDirectory},
	"provisionUsers": {right: directory.Administer},
	"listRunResults": {right: directory.ReadDirectory},

	"listRuns":       {right: directory.ReadDirectory},
	"getRun":         {right: directory.ReadDirectory},
	"listRunChanges": {right: directory.ReadDirectory},
	"getRunReport":   {right: directory.ReadDirectory},
	"watchRun":       {right: directory.ReadDirectory},
	"applyRun":       {right: directory.Administer},
	"listChanges":    {right: directory.ReadDirectory},
	"getChange":      {right: directory.ReadDirectory},
	"listHeld":       {right: directory.ReadDirectory},
	"listFailed":     {right: directory.ReadDirectory},
	"retryFailed":    {right: directory.Administer},
	"getSummary":     {right: directory.ReadDirectory},
	"listSummary":    {right: directory.ReadDirectory},
	"listLog":        {right: directory.ReadDirectory},
	"exportLogCSV":   {right: directory.ReadDirectory},
	"exportLogJSON":  {right: directory.ReadDirectory},
	"approveHeld":    {right: directory.Administer},
	"rejectHeld":     {right: directory.Administer},

	"listChangeMembers": {right: directory.ReadDirectory},
	"listGroupSummary":  {right: directory.ReadDirectory},

	"undoRun":   {right: directory.Administer},
	"undoUser":  {right: directory.Administer},
	"undoGroup": {right: directory.Administer},
	"listPins":  {right: directory.ReadDirectory},
	"liftPin":   {right: directory.Administer},
	"liftPins":  {right: directory.Administer},

	"listUsers":  {right: directory.ReadDirectory},
	"createUser": {right: directory.WriteUsers},
	"getUser":    {right: directory.ReadDirectory},
	"changeUser": {right: directory.WriteUsers},
	"deleteUser": {right: directory.WriteUsers},
	"letGoUser":  {right: directory.Administer},

	"listGroups":     {right: directory.ReadDirectory},
	"createGroup":    {right: directory.WriteGroups},
	"getGroup":       {right: directory.ReadDirectory},
	"changeGroup":    {right: directory.WriteGroups},
	"deleteGroup":    {right: directory.WriteGroups},
	"letGoGroup":     {right: directory.Administer},
	"listMembers":    {right: directory.ReadDirectory},
	"addMembers":     {right: directory.WriteGroups},
	"removeMembers":  {right: directory.WriteGroups},
	"removeMember":   {right: directory.WriteGroups},
	"listUserGroups": {right: directory.ReadDirectory},

	"listDomains":  {right: directory.ReadDirectory},
	"addDomain":    {right: directory.Administer},
	"removeDomain": {right: directory.Administer},

	"getRetention":      {right: directory.ReadArchive},
	"changeRetention":   {right: directory.Retain},
	"previewRetention":  {right: directory.ReadArchive},
	"getEmail":          {right: directory.Administer},
	"changeEmail":       {right: directory.Administer},
	"testEmail":         {right: directory.Administer},
	"listEmailMessages": {right: directory.Administer},

	"listArchive": {right: directory.ReadArchive},
	"listEvents":  {right: directory.ReadAudit},

	"listTokens":  {right: directory.Administer},
	"createToken": {right: directory.Administer},
	"revokeToken": {right: directory.Administer},
	"rotateToken": {right: directory.Administer},

	"listClients":  {right: directory.Administer},
	"createClient": {right: directory.Administer},
	"rotateClient": {right: directory.Administer},
	"revokeClient": {right: directory.Administer},

	"listServerTokens":  {right: directory.Administer, server: true},
	"createServerToken": {right: directory.Administer, server: true},
	"revokeServerToken": {right: directory.Administer, server: true},
	"rotateServerToken": {right: directory.Administer, server: true},
	"listServerEvents":  {right: directory.ReadAudit, server: true},
}

// RightOf returns the right that an operation of the API asks for, by its id, so that a page which shows or does the same asks for the
// same. listed is false for operations that there are not.
func RightOf(operation string) (right directory.Right, listed bool) {
	needs, listed := accesses[operation]
	return needs.right, listed
}
