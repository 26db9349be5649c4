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

	Instance instanceCommands `cmd:"" help:"Instances: configured synchronisations."`
	Sync     syncCommand      `cmd:"" help:"Start a run of an instance now."`
	Run      runCommands      `cmd:"" help:"Runs: what was done, and why."`
	Held     heldCommands     `cmd:"" help:"Removals that wait for approval."`
	User     userCommands     `cmd:"" help:"Users of the directory."`
	Domain   domainCommands   `cmd:"" help:"Verified domains."`
	Token    tokenCommands    `cmd:"" help:"Tokens for this program and others."`
}

type instanceCommands struct {
	List   instanceListCommand   `cmd:"" help:"List the instances and how they stand."`
	Show   instanceShowCommand   `cmd:"" help:"Show one instance."`
	Create instanceCreateCommand `cmd:"" help:"Set an instance up with sync defaults: all users, the default mappings and thresholds."`
	Apply  instanceApplyCommand  `cmd:"" help:"Create an instance from a YAML file, or change it to what the file says."`
	Delete instanceDeleteCommand `cmd:"" help:"Delete an instance; its users stay as they are and become unmanaged."`
}

type runCommands struct {
	List   runListCommand   `cmd:"" help:"List runs, the newest first."`
	Show   runShowCommand   `cmd:"" help:"Show one run with its changes."`
	Report runReportCommand `cmd:"" help:"Write the changes of a run, a dry run above all, as CSV."`
}

type heldCommands struct {
	List    heldListCommand    `cmd:"" help:"List what is held."`
	Approve heldApproveCommand `cmd:"" help:"Let held removals pass; a run that applies them starts at once."`
	Reject  heldRejectCommand  `cmd:"" help:"Refuse held removals until something about them changes."`
}

type userCommands struct {
	List userListCommand `cmd:"" help:"List users."`
	Show userShowCommand `cmd:"" help:"Show one user with all attributes."`
}

type domainCommands struct {
	List   domainListCommand   `cmd:"" help:"List the verified domains."`
	Add    domainAddCommand    `cmd:"" help:"Add a verified domain."`
	Remove domainRemoveCommand `cmd:"" help:"Remove a verified domain; users with addresses in it stay."`
}

type tokenCommands struct {
	Create tokenCreateCommand `cmd:"" help:"Make a token; its secret is printed once, on standard output."`
	List   tokenListCommand   `cmd:"" help:"List the tokens."`
	Revoke tokenRevokeCommand `cmd:"" help:"End a token at once."`
}
