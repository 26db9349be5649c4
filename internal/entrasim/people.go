package entrasim

import (
	"strconv"
	"strings"
	"time"
)

// People makes user number i of a tenant from the seed alone: nothing is stored until somebody changes it. The same
// seed, size and domains give the same people, byte for byte.
type people struct {
	seed    uint64
	size    int
	ids     idSpace
	domains domains
}

// domains are the verified domains of the tenant.
type domains struct {
	primary, secondary, initial string
}

// domainsOf derives the three domains from the primary one: contoso.example, contoso-europe.example and
// contoso.onmicrosoft.example.
func domainsOf(primary string) domains {
	label, rest, found := strings.Cut(primary, ".")
	if !found {
		rest = "example"
	}
	return domains{primary: primary, secondary: label + "-europe." + rest, initial: label + ".onmicrosoft.example"}
}

func (d domains) all() []string { return []string{d.primary, d.secondary, d.initial} }

// What a draw decides; each has its own stream, so that adding one does not change the others.
const (
	drawCulture uint64 = iota
	drawGiven
	drawFamily
	drawPlace
	drawTitle
	drawDepartment
	drawPhone
	drawCreated
	drawGuest
)

// draw is a number from 0 to n-1 that depends on the seed, the person and what is decided.
func (p *people) draw(i int, what uint64, n int) int {
	x := mix(p.seed ^ mix(uint64(i)<<8|what)) //nolint:gosec // G115: i counts users
	return int(x % uint64(n))                 //nolint:gosec // G115: n is the length of a table
}

// The special people stand at fixed places, so that small tenants have them too.
func isGuest(i int) bool       { return i%50 == 9 }
func isBlocked(i int) bool     { return i%50 == 5 }
func isWithoutMail(i int) bool { return i%100 == 3 || i%100 == 33 || i%100 == 63 }
func isOddlyNamed(i int) bool  { return i%150 == 7 }
func isCapitalised(i int) bool { return i%40 == 8 }
func hasCaseTwin(i int) bool   { return i%200 == 21 } // the mail of the person before, in other letters
func hasEmojiTitle(i int) bool { return i%45 == 4 }
func hasNoManager(i int) bool  { return i%37 == 36 }

func (p *people) cultureOf(i int) *culture {
	at := p.draw(i, drawCulture, 100)
	for c := range cultures {
		if at -= cultures[c].weight; at < 0 {
			return &cultures[c]
		}
	}
	return &cultures[0]
}

// fill makes person i, as far as the wanted properties go; the others may be left out to save the work.
func (p *people) fill(u *user, i int, want mask) {
	*u = user{id: p.ids.id(i), enabled: !isBlocked(i), manager: p.managerOf(i)}
	c := p.cultureOf(i)
	given := c.given[p.draw(i, drawGiven, len(c.given))]
	family := c.family[p.draw(i, drawFamily, len(c.family))]
	u.text[propGivenName], u.text[propSurname] = given.native, family.native
	if want.has(propDisplayName) {
		u.text[propDisplayName] = p.displayName(i, c, given, family)
	}
	if want&addressProperties != 0 {
		p.fillAddresses(u, i, given, family)
	}
	if want&workProperties != 0 {
		p.fillWork(u, i, c)
	}
	if want.has(propCreatedDateTime) {
		u.created = time.Unix(1420070400+int64(p.draw(i, drawCreated, 280_000_000)), 0).UTC()
	}
	if want == everything {
		u.everSet = u.filled()
	}
}

func (p *people) displayName(i int, c *culture, given, family name) string {
	if isOddlyNamed(i) {
		return oddDisplayNames[i/150%len(oddDisplayNames)]
	}
	if c.familyFirst {
		return family.native + c.separator + given.native
	}
	return given.native + c.separator + family.native
}

var addressProperties = maskOf(propUserPrincipalName, propMail, propMailNickname, propOtherMails, propProxyAddresses,
	propUserType, propCreationType, propExternalUserState, propExtensionAttributes)

// fillAddresses makes the names that a person is addressed by. The number of the person ends the local part: that keeps
// it unique without an index, and lets numberOf find the person again.
func (p *people) fillAddresses(u *user, i int, given, family name) {
	local := given.latin + "." + family.latin + strconv.Itoa(i)
	if isCapitalised(i) {
		local = strings.ToUpper(local[:1]) + local[1:]
	}
	u.text[propMailNickname] = local
	u.text[propUserType] = "Member"
	if isGuest(i) {
		home := guestDomains[p.draw(i, drawGuest, len(guestDomains))]
		u.text[propMailNickname] = local + "_" + home + "#EXT#"
		u.text[propUserPrincipalName] = local + "_" + home + "#EXT#@" + p.domains.initial
		u.text[propUserType], u.text[propCreationType] = "Guest", "Invitation"
		u.text[propExternalUserState] = "Accepted"
		u.text[propMail] = local + "@" + home
		u.otherMails = []string{local + "@" + home}
		return
	}
	domain := p.domains.primary
	if i%10 == 6 {
		domain = p.domains.secondary
	}
	u.text[propUserPrincipalName] = local + "@" + domain
	switch {
	case isWithoutMail(i):
		return
	case hasCaseTwin(i):
		var twin user
		p.fill(&twin, i-1, maskOf(propMail))
		u.text[propMail] = strings.ToUpper(twin.text[propMail])
		u.otherMails = []string{strings.ToUpper(local) + "@" + domain}
	default:
		u.text[propMail] = local + "@" + domain
	}
	u.proxies = []string{"SMTP:" + u.text[propMail]}
}

var workProperties = maskOf(propJobTitle, propDepartment, propCompanyName, propEmployeeID, propEmployeeType,
	propOfficeLocation, propUsageLocation, propCountry, propCity, propState, propStreetAddress, propPostalCode, propMobilePhone,
	propFaxNumber, propPreferredLanguage, propBusinessPhones)

// fillWork makes what a person does and where.
func (p *people) fillWork(u *user, i int, c *culture) {
	t := &u.text
	t[propJobTitle] = jobTitles[p.draw(i, drawTitle, len(jobTitles))]
	if hasEmojiTitle(i) {
		t[propJobTitle] = emojiTitles[p.draw(i, drawTitle, len(emojiTitles))]
	}
	t[propDepartment] = departments[p.draw(i, drawDepartment, len(departments))]
	t[propPreferredLanguage] = c.language
	at := &c.places[p.draw(i, drawPlace, len(c.places))]
	t[propUsageLocation], t[propCountry] = at.usageLocation, at.country
	t[propCity], t[propState], t[propPostalCode] = at.city, at.state, at.postal
	number := p.draw(i, drawPhone, 9000) + 1000
	t[propStreetAddress] = at.street + " " + strconv.Itoa(number%200+1)
	u.phones = []string{}
	if isGuest(i) {
		return
	}
	t[propCompanyName], t[propEmployeeType] = "Contoso", "Employee"
	t[propEmployeeID] = strconv.Itoa(100_000 + i)
	t[propOfficeLocation] = strconv.Itoa(number%40+1) + "/" + strconv.Itoa(number)
	u.phones = []string{at.dial + " " + strconv.Itoa(number)}
	if i%3 != 0 {
		t[propMobilePhone] = at.dial + " " + strconv.Itoa(number) + strconv.Itoa(i%10)
	}
	if i%20 == 0 {
		t[propFaxNumber] = at.dial + " " + strconv.Itoa(number) + " 9"
	}
}

// managerOf is a tree in which everybody has up to eight reports, but for its top: numbers 0 and 1 manage each other.
func (p *people) managerOf(i int) int {
	switch {
	case i == 0 && p.size > 1:
		return 1
	case i == 0 || hasNoManager(i):
		return noManager
	default:
		return (i - 1) / 8
	}
}

// numberOf finds the person whose generated userPrincipalName could be this one; the caller compares.
func (p *people) numberOf(userPrincipalName string) (int, bool) {
	local, domain, _ := strings.Cut(userPrincipalName, "@")
	if strings.EqualFold(domain, p.domains.initial) {
		local, _, _ = strings.Cut(local, "_")
	}
	digits := local[len(strings.TrimRight(local, "0123456789")):]
	i, err := strconv.Atoi(digits)
	return i, err == nil && i < p.size
}
