package console

// framed gives a partial the page beside the view: {{template "config-head" (frame $ .)}}.
func framed(page shown, _ any) configFrame {
	head := configFrame{Page: page.Page}
	if view, has := page.View.(interface{ head() setupHead }); has {
		head.setupHead = view.head()
	}
	return head
}

// configFrame is what the top of a page of the configuration shows.
type configFrame struct {
	setupHead
	Page Page
}

func (h setupHead) head() setupHead { return h }

// binAction is a button that takes something off a list: the fields are asked for anew.
type binAction struct{ Name, Value, Action, Label string }

func binButton(name, value, action, label string) binAction {
	return binAction{name, value, action, label}
}

// groupBranch is a group of the tree, with the page.
type groupBranch struct {
	Root  shown
	Group pickedGroup
}

func branchOf(root shown, group pickedGroup) groupBranch { return groupBranch{root, group} }
