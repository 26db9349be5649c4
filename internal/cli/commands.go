package cli

// commands is the command tree.
type commands struct {
	Help helpFlag `help:"Show the help of a command, such as: rollcall sync --help." short:"h"`

	Serve    serveCommand    `cmd:"" help:"Run the server."`
	Demo     demoCommand     `cmd:"" help:"Run a simulated tenant and a server that follows it, to look at and to play with."`
	Entrasim entrasimCommand `cmd:"" help:"Run a simulated Entra tenant alone."`
	Migrate  migrateCommand  `cmd:"" help:"Bring the database of a server that is not running up to this program's version."`
	Backup   backupCommand   `cmd:"" help:"Copy the database of a server, running or not, to a file."`
	Version  versionCommand  `cmd:"" help:"Print the version."`

	Entra      entraCommands      `cmd:"" help:"What Entra needs to know of this server."`
	Connection connectionCommands `cmd:"" help:"Connections to tenants: credential, sign-in, consent."`

	Instance  instanceCommands `cmd:"" help:"Instances: configured synchronisations."`
	Sync      syncCommand      `cmd:"" help:"Start a run of an instance now."`
	Provision provisionCommand `cmd:"" help:"Provision people on demand, or a group with chosen members, and nobody else."`
	Explain   explainCommand   `cmd:"" help:"Say what is made of a person or group of the tenant, and why."`
	Summary   summaryCommand   `cmd:"" help:"Summary of an instance: the last run, and how many people stand how; each number opens its list."`
	Log       logCommand       `cmd:"" help:"Provisioning log: every change of every run, with filters, as table, CSV or JSON."`
	Run       runCommands      `cmd:"" help:"Runs: what was done, and why."`
	Change    changeCommands   `cmd:"" help:"Single changes of runs."`
	Held      heldCommands     `cmd:"" help:"Removals that wait for approval."`
	Failed    failedCommands   `cmd:"" help:"Changes that failed and wait for another try."`
	Pin       pinCommands      `cmd:"" help:"Users whom runs leave out because something was taken back."`
	User      userCommands     `cmd:"" help:"Users of the directory."`
	Group     groupCommands    `cmd:"" help:"Groups of the directory and their members."`
	Domain    domainCommands   `cmd:"" help:"Verified domains."`
	Token     tokenCommands    `cmd:"" help:"Tokens for this program and others."`
	Client    clientCommands   `cmd:"" help:"Programs that get access tokens for SCIM by themselves (OAuth 2.0)."`

	Retention retentionCommands `cmd:"" help:"For how long the organization keeps what it knows of people."`
	Email     emailCommands     `cmd:"" help:"How mail is sent, and what became of it."`

	Organization organizationCommands `cmd:"" help:"The organization: its id, the address of its SCIM service, blocked sources."`
	Expr         exprCommands         `cmd:"" help:"The mapping language: try expressions out, without a server."`
}

type entraCommands struct {
	Register entraRegisterCommand `cmd:"" help:"Print the app registration to create in Entra: addresses, permissions, manifest, and a script for az."`
}

type connectionCommands struct {
	List       connectionListCommand       `cmd:"" help:"List the connections and how they stand."`
	Show       connectionShowCommand       `cmd:"" help:"Show one connection."`
	Create     connectionCreateCommand     `cmd:"" help:"Make a connection; it asks the tenant nothing yet."`
	Credential connectionCredentialCommand `cmd:"" help:"Replace what proves the application: client secret, certificate, or an identity of the server."`
	Consent    connectionConsentCommand    `cmd:"" help:"Print where somebody signs in and consents at Microsoft; also to renew consent."`
	Callback   connectionCallbackCommand   `cmd:"" help:"Take what a browser brought back from Microsoft."`
	Wait       connectionWaitCommand       `cmd:"" help:"Wait until an administrator of the tenant consents."`
	Check      connectionCheckCommand      `cmd:"" help:"Ask the tenant now what it grants."`
	Read       connectionReadCommand       `cmd:"" help:"Read users and groups of the tenant again, ahead of any run."`
	Delete     connectionDeleteCommand     `cmd:"" help:"Delete a connection that no instance uses."`
}

type instanceCommands struct {
	List      instanceListCommand      `cmd:"" help:"List the instances and how they stand."`
	Show      instanceShowCommand      `cmd:"" help:"Show one instance."`
	Create    instanceCreateCommand    `cmd:"" help:"Set an instance up with sync defaults: all users, the default mappings and thresholds."`
	Apply     instanceApplyCommand     `cmd:"" help:"Create an instance from a YAML file, or change it to what the file says."`
	Export    instanceExportCommand    `cmd:"" help:"Write an instance as the YAML file that apply takes."`
	Diff      instanceDiffCommand      `cmd:"" help:"Say what apply would change, and what the next run would do then."`
	Reconcile instanceReconcileCommand `cmd:"" help:"Compare both sides completely, and have repaired what differs."`
	Notify    instanceNotifyCommand    `cmd:"" help:"Say who is told by e-mail when something fails."`
	Delete    instanceDeleteCommand    `cmd:"" help:"Delete an instance; its users stay as they are and become unmanaged."`

	RenewSecret            instanceRenewSecretCommand      `cmd:"" help:"Replace the client secret, before it ends or after."`
	TestDestination        instanceTestDestinationCommand  `cmd:"" help:"Ask a remote service what it offers, with its credential; nothing is stored."`
	RenewDestinationSecret instanceRenewDestinationCommand `cmd:"" help:"Replace the secret of the remote service that an instance writes to, after it was tried."`

	RestoreMappings instanceRestoreCommand `cmd:"" help:"Restore the sixteen default mappings; scope and filters stay."`
	Schema          schemaCommands         `cmd:"" help:"Mappings and scoping filters as Entra's synchronization schema."`
}

type schemaCommands struct {
	Export schemaExportCommand `cmd:"" help:"Write mappings and filters as the JSON that Microsoft Graph has."`
	Import schemaImportCommand `cmd:"" help:"Take mappings and filters from a schema of Entra."`
}

type runCommands struct {
	List   runListCommand   `cmd:"" help:"List runs, the newest first."`
	Show   runShowCommand   `cmd:"" help:"Show one run with its changes."`
	Report runReportCommand `cmd:"" help:"Write the changes of a run, a dry run above all, as CSV."`
	Apply  runApplyCommand  `cmd:"" help:"Apply exactly what a dry run showed, and nothing else; shows the counts first."`
	Undo   runUndoCommand   `cmd:"" help:"Take back what a run did, all of it or to chosen users; shows it first."`
}

type changeCommands struct {
	Show changeShowCommand `cmd:"" help:"Show one change, and who joins or leaves a group by it."`
}

type heldCommands struct {
	List    heldListCommand    `cmd:"" help:"List what is held."`
	Approve heldApproveCommand `cmd:"" help:"Let held removals pass; a run that applies them starts at once."`
	Reject  heldRejectCommand  `cmd:"" help:"Refuse held removals until something about them changes."`
}

type failedCommands struct {
	List  failedListCommand  `cmd:"" help:"List what failed: how often, since when, why, and when it is tried again."`
	Retry failedRetryCommand `cmd:"" help:"Try failed changes again now."`
}

type pinCommands struct {
	List pinListCommand `cmd:"" help:"List what is pinned, by whom and why."`
	Lift pinLiftCommand `cmd:"" help:"Lift pins: what Entra says holds again."`
}

type userCommands struct {
	List userListCommand `cmd:"" help:"List users."`
	Show userShowCommand `cmd:"" help:"Show one user with all attributes."`
	Undo userUndoCommand `cmd:"" help:"Take back the latest change that a run made to a user; shows it first."`

	Groups userGroupsCommand `cmd:"" help:"List the groups that a user is in."`
	LetGo  userLetGoCommand  `cmd:"" help:"Let go of a user whom a source took over: nobody manages him then."`
}

type groupCommands struct {
	List    groupListCommand    `cmd:"" help:"List groups."`
	Show    groupShowCommand    `cmd:"" help:"Show one group with all attributes."`
	Create  groupCreateCommand  `cmd:"" help:"Create a group by hand."`
	Change  groupChangeCommand  `cmd:"" help:"Change a group that no instance manages."`
	Delete  groupDeleteCommand  `cmd:"" help:"Delete a group that no instance manages; its members stay in the directory."`
	LetGo   groupLetGoCommand   `cmd:"" help:"Let go of a group that a source took over: nobody manages it then."`
	Members groupMembersCommand `cmd:"" help:"List the members of a group."`
	Add     groupAddCommand     `cmd:"" help:"Put members into a group by hand."`
	Remove  groupRemoveCommand  `cmd:"" help:"Take members out of a group who were put in by hand."`
	Undo    groupUndoCommand    `cmd:"" help:"Take back what a run did last to a group and its members; shows it first."`
	Explain groupExplainCommand `cmd:"" help:"Say what is made of a group of the tenant and of its members, and why."`
}

type domainCommands struct {
	List   domainListCommand   `cmd:"" help:"List the verified domains."`
	Add    domainAddCommand    `cmd:"" help:"Add a verified domain."`
	Remove domainRemoveCommand `cmd:"" help:"Remove a verified domain; users with addresses in it stay."`
}

type tokenCommands struct {
	Create tokenCreateCommand `cmd:"" help:"Make a token; its secret is printed once, on standard output."`
	List   tokenListCommand   `cmd:"" help:"List the tokens."`
	Rotate tokenRotateCommand `cmd:"" help:"Give a token a new secret; the old one lives on for a while."`
	Revoke tokenRevokeCommand `cmd:"" help:"End a token at once."`
}

type clientCommands struct {
	Create clientCreateCommand `cmd:"" help:"Register a client; its secret is printed once, on standard output."`
	List   clientListCommand   `cmd:"" help:"List the clients."`
	Rotate clientRotateCommand `cmd:"" help:"Give a client a new secret; the old one lives on for a while."`
	Revoke clientRevokeCommand `cmd:"" help:"End a client and its access tokens at once."`
}

type retentionCommands struct {
	Show    retentionShowCommand    `cmd:"" help:"Show for how many days things are kept, and what may be chosen."`
	Set     retentionSetCommand     `cmd:"" help:"Change for how many days things are kept."`
	Preview retentionPreviewCommand `cmd:"" help:"Count what the next clean-up would remove, with other days if some are given."`
}

type organizationCommands struct {
	Show    organizationShowCommand    `cmd:"" help:"Show the organization."`
	Block   organizationBlockCommand   `cmd:"" help:"Refuse writes over SCIM from a source, such as the Directory Connector."`
	Unblock organizationUnblockCommand `cmd:"" help:"Let a source write over SCIM again."`
}
