package entrasim

// A name is written as its owner writes it and, for addresses, in plain Latin letters.
type name struct{ native, latin string }

// A place is where people of a culture work.
type place struct {
	usageLocation, country, city, state, street, postal, dial string
}

// A culture is a set of names and places that belong together.
type culture struct {
	language      string
	given, family []name
	familyFirst   bool
	separator     string // between the two parts of a display name
	places        []place
	weight        int // share of the people, in percent
}

var cultures = []culture{latinCulture, cyrillicCulture, arabicCulture, chineseCulture, japaneseCulture}

var latinCulture = culture{
	language: "en-US", separator: " ", weight: 62,
	given: []name{
		{"Zoë", "zoe"},
		{"Jürgen", "jurgen"},
		{"Søren", "soren"},
		{"Łukasz", "lukasz"},
		{"Chloé", "chloe"},
		{"Ángel", "angel"},
		{"Åsa", "asa"},
		{"Čeněk", "cenek"},
		{"Ştefan", "stefan"},
		{"Đorđe", "dorde"},
		{"Maria", "maria"},
		{"James", "james"},
		{"Olivia", "olivia"},
		{"Noah", "noah"},
		{"Emma", "emma"},
		{"Liam", "liam"},
		{"Sofía", "sofia"},
		{"Anaïs", "anais"},
		{"Þóra", "thora"},
		{"Nguyệt", "nguyet"},
		{"Jean-Luc", "jeanluc"},
		{"Grace", "grace"},
		{"Ömer", "omer"},
		{"Márta", "marta"},
	},
	family: []name{
		{"Müller", "muller"},
		{"O'Brien", "obrien"},
		{"Nuñez", "nunez"},
		{"Ibáñez García", "ibanezgarcia"},
		{"Smith", "smith"},
		{"Sørensen", "sorensen"},
		{"Żółć", "zolc"},
		{"Dvořák", "dvorak"},
		{"Lefèvre", "lefevre"},
		{"Öztürk", "ozturk"},
		{"Trần", "tran"},
		{"van der Berg", "vanderberg"},
		{"Jönsson", "jonsson"},
		{"Groß", "gross"},
		{"Popescu", "popescu"},
		{"Nagy", "nagy"},
		{"Williams", "williams"},
		{"D'Angelo", "dangelo"},
		{"Fernández-López", "fernandezlopez"},
		{"Kowalski", "kowalski"},
		{"Johansson", "johansson"},
		{"Brown", "brown"},
		{"Ångström", "angstrom"},
		{"Šimić", "simic"},
	},
	places: []place{
		{"US", "United States", "Seattle", "WA", "Pine Street", "98101", "+1 206 555"},
		{"GB", "United Kingdom", "London", "", "Fleet Street", "EC4Y 1AA", "+44 20 7946"},
		{"DE", "Germany", "München", "BY", "Leopoldstraße", "80331", "+49 89 5550"},
		{"FR", "France", "Orléans", "Centre-Val de Loire", "rue de l'Église", "45000", "+33 2 38"},
		{"PL", "Poland", "Łódź", "łódzkie", "ulica Piotrkowska", "90-001", "+48 42 555"},
		{"BR", "Brazil", "São Paulo", "SP", "Avenida Paulista", "01310-100", "+55 11 5555"},
	},
}

var cyrillicCulture = culture{
	language: "uk-UA", separator: " ", weight: 12,
	given: []name{
		{"Олександр", "oleksandr"},
		{"Ірина", "iryna"},
		{"Дмитро", "dmytro"},
		{"Наталія", "nataliia"},
		{"Сергій", "serhii"},
		{"Ольга", "olha"},
		{"Георги", "georgi"},
		{"Милица", "milica"},
		{"Юлия", "yulia"},
		{"Фёдор", "fyodor"},
	},
	family: []name{
		{"Шевченко", "shevchenko"},
		{"Коваленко", "kovalenko"},
		{"Їжакевич", "yizhakevych"},
		{"Щербак", "shcherbak"},
		{"Петров", "petrov"},
		{"Георгиева", "georgieva"},
		{"Јовановић", "jovanovic"},
		{"Соловьёв", "solovyov"},
	},
	places: []place{
		{"UA", "Ukraine", "Київ", "", "вулиця Хрещатик", "01001", "+380 44 555"},
		{"BG", "Bulgaria", "София", "", "бул. Витоша", "1000", "+359 2 555"},
	},
}

var arabicCulture = culture{
	language: "ar-EG", separator: " ", weight: 8,
	given: []name{
		{"محمد", "mohamed"}, {"فاطمة", "fatima"}, {"أحمد", "ahmed"}, {"ليلى", "layla"}, {"يوسف", "youssef"}, {"نور", "nour"}, {"عائشة", "aisha"},
	},
	family: []name{
		{"الهاشمي", "alhashimi"}, {"بن علي", "benali"}, {"المصري", "elmasry"}, {"حداد", "haddad"}, {"الفاسي", "elfassi"}, {"خليل", "khalil"},
	},
	places: []place{
		{"EG", "Egypt", "القاهرة", "القاهرة", "شارع طلعت حرب", "11511", "+20 2 5555"},
		{"MA", "Morocco", "الدار البيضاء", "", "شارع محمد الخامس", "20000", "+212 5 22"},
	},
}

var chineseCulture = culture{
	language: "zh-CN", separator: "", familyFirst: true, weight: 9,
	given: []name{
		{"伟", "wei"}, {"芳", "fang"}, {"秀英", "xiuying"}, {"建国", "jianguo"}, {"丽华", "lihua"}, {"子涵", "zihan"}, {"浩然", "haoran"}, {"𠮷祥", "jixiang"},
	},
	family: []name{
		{"王", "wang"}, {"李", "li"}, {"张", "zhang"}, {"刘", "liu"}, {"陈", "chen"}, {"欧阳", "ouyang"}, {"司马", "sima"},
	},
	places: []place{
		{"CN", "China", "上海", "上海市", "南京东路", "200001", "+86 21 5555"},
		{"SG", "Singapore", "Singapore", "", "Orchard Road", "238801", "+65 6555"},
	},
}

var japaneseCulture = culture{
	language: "ja-JP", separator: " ", familyFirst: true, weight: 9,
	given: []name{
		{"太郎", "taro"}, {"花子", "hanako"}, {"さくら", "sakura"}, {"ケンジ", "kenji"}, {"陽菜", "hina"}, {"蓮", "ren"}, {"美咲", "misaki"},
	},
	family: []name{
		{"佐藤", "sato"}, {"鈴木", "suzuki"}, {"髙橋", "takahashi"}, {"渡邊", "watanabe"}, {"山本", "yamamoto"}, {"小林", "kobayashi"},
	},
	places: []place{
		{"JP", "Japan", "東京都", "東京都", "千代田区丸の内", "100-0005", "+81 3 5555"},
		{"JP", "Japan", "大阪市", "大阪府", "北区梅田", "530-0001", "+81 6 5555"},
	},
}

var jobTitles = []string{
	"Accountant", "Account Manager", "Attorney", "Buyer", "Chef de projet", "Customer Success Manager", "Data Engineer", "Designer",
	"Geschäftsführer", "HR Partner", "IT Administrator", "Mechanic", "Nurse", "Office Manager", "Product Manager", "Sales Engineer",
	"Senior Software Engineer", "Software Engineer", "Support Engineer", "Warehouse Lead", "エンジニア", "工程师", "Бухгалтер", "مهندس",
}

var emojiTitles = []string{"Chief Happiness Officer 🎉", "🚀 Launch Lead", "Scrum Master 👩🏽‍💻", "Office Dog 🐕"}

var departments = []string{
	"Engineering", "Sales", "Marketing", "Finance", "Human Resources", "Legal", "Operations", "Support", "R&D", "Einkauf", "営業部", "Склад",
}

var guestDomains = []string{"fabrikam.example", "northwind.example", "adatum.example"}

// oddDisplayNames are names that break careless consumers: markup for pages, formulas for spreadsheets.
var oddDisplayNames = []string{
	`<b>Bold</b> & "Partners"`,
	`=HYPERLINK("http://contoso.example/","Click")`,
	`+1 Consulting`,
	`@SUM(A1:A9)`,
	`<script>alert(1)</script>`,
	`-2+3`,
}
