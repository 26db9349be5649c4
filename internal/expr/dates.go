package expr

import (
	"strconv"
	"time"

	"rollcall/internal/dotnet"
)

const intervalsInWords = "yyyy, q, m, y, d, w, ww, h, n or s"

var dateFunctions = []function{
	{
		name: "CDate", meaning: "a text read as a date, in UTC", gives: aDate,
		parameters: required(aDate, "expression"), evaluate: evaluateCDate,
		examples: []example{
			{`CDate([StatusHireDate])`, []string{"StatusHireDate=2020-03-16-07:00"}, `"3/16/2020 7:00:00 AM"`},
			{`CDate("2009-06-15T01:45:30-07:00")`, nil, `"6/15/2009 8:45:30 AM"`},
		},
		choice: "A date without offset is in UTC, and fractions of a second are cut off. A source without value is an error, as in Entra; Switch([hireDate], [hireDate], \"\", \"9999-12-31\") puts a date in its place.",
	},
	{
		name: "DateAdd", meaning: "a date some years, months, days, … later or earlier", gives: aDate,
		parameters: append(append(required(aText, "interval"), required(aNumber, "value")...), required(aDate, "dateTime")...),
		prepare:    prepareInterval, evaluate: evaluateDateAdd,
		examples: []example{{`DateAdd("d", -10, CDate([StatusHireDate]))`, []string{"StatusHireDate=2012-03-16-07:00"}, `"3/6/2012 7:00:00 AM"`}},
		choice:   "The interval is " + intervalsInWords + ". A month that is too short takes its last day. A text is read as CDate reads it.",
	},
	{
		name: "DateDiff", meaning: "how many intervals the second date is later than the first", gives: aNumber,
		parameters: append(required(aText, "interval"), required(aDate, "date1", "date2")...),
		prepare:    prepareInterval, evaluate: evaluateDateDiff,
		examples: []example{
			{`DateDiff("d", CDate([start]), CDate([end]))`, []string{"start=2021-08-18+08:00", "end=2021-08-31+08:00"}, `13`},
			{`DateDiff("ww", CDate("8/25/2021 5:41:18 PM"), CDate("2012-03-16-07:00"))`, nil, `-493`},
		},
		choice: "The result is positive if the second date is later, as the reference says; some samples of the Workday page assume the reverse. Boundaries are counted, as Visual Basic does: from 11 PM to 1 AM it is one day, and a week begins on Sunday.",
	},
	{
		name: "DateFromNum", meaning: "a date of Active Directory, 100 ns since 1601, as a date", gives: aDate,
		parameters: required(aNumber, "value"), evaluate: evaluateDateFromNum,
		examples: []example{{`DateFromNum(129699324000000000)`, nil, `"1/1/2012 11:00:00 PM"`}},
	},
	{
		name: "FormatDateTime", meaning: "a date written in another format", gives: aText,
		parameters: []parameter{{name: "source", class: aText}, {name: "dateTimeStyles", class: aText, optional: true}, {name: "inputFormat", class: aText}, {name: "outputFormat", class: aText}},
		adapt:      adaptFormat, prepare: prepareFormat, evaluate: evaluateFormatDateTime,
		examples: []example{{`FormatDateTime([extensionAttribute1], , "yyyyMMddHHmmss.fZ", "yyyy-MM-dd")`, []string{"extensionAttribute1=20150123105347.1Z"}, `"2015-01-23"`}},
		choice: "The form with three arguments, without dateTimeStyles, is taken as well. Formats are those of .NET in the invariant culture, white space around the source is allowed, and a text without a zone and the result are in UTC. AllowInnerWhite and AllowWhiteSpaces allow white space inside of the source too; the other dateTimeStyles ask for what is done anyway (the local time of AssumeLocal is UTC), and styles that .NET refuses together are refused. " +
			"The result of a date function, such as DateAdd, is a date already and is not read with inputFormat again. Of a source without value the result is null.",
	},
	{
		name: "Now", meaning: "the present date and time, in UTC", gives: aDate, uses: Uses{Clock: true}, evaluate: evaluateNow,
		examples: []example{{`Now()`, nil, ""}},
		choice:   "All expressions of a run see the same time, when the run began.",
	},
	{
		name: "NumFromDate", meaning: "a date as Active Directory keeps it: the number of 100 ns since 1601, as text", gives: aText,
		parameters: required(aDate, "value"), evaluate: evaluateNumFromDate,
		examples: []example{{`NumFromDate(Join("", FormatDateTime([ContractEndDate], ,"yyyy-MM-ddzzz", "yyyy-MM-dd"), " 23:59:59-08:00"))`, []string{"ContractEndDate=2020-12-31-08:00"}, `"132539615990000000"`}},
		choice:   "The numbers that the Workday and SuccessFactors pages print are wrong; ours are computed. The year 9999, at which Entra fails, works.",
	},
}

func evaluateCDate(c call) (Value, error) {
	date, err := c.date(0)
	if err != nil {
		return Value{}, err
	}
	return dateValue(date), nil
}

// prepareInterval checks a constant interval.
func prepareInterval(p *preparation) any {
	if interval, constant := p.constant(0); constant {
		if _, err := dotnet.DateDiff(interval, time.Time{}, time.Time{}); err != nil {
			p.fail(0, "is %s; it is one of %s", short(interval), intervalsInWords)
		}
	}
	return nil
}

func evaluateDateAdd(c call) (Value, error) {
	interval, _, err := c.text(0)
	if err != nil {
		return Value{}, err
	}
	count, err := c.integer(1)
	if err != nil {
		return Value{}, err
	}
	date, err := c.date(2)
	if err != nil {
		return Value{}, err
	}
	if date, err = dotnet.DateAdd(interval, count, date); err != nil {
		return Value{}, c.fail("%s", err)
	}
	return dateValue(date), nil
}

func evaluateDateDiff(c call) (Value, error) {
	interval, _, err := c.text(0)
	if err != nil {
		return Value{}, err
	}
	from, err := c.date(1)
	if err != nil {
		return Value{}, err
	}
	to, err := c.date(2)
	if err != nil {
		return Value{}, err
	}
	count, err := dotnet.DateDiff(interval, from, to)
	if err != nil {
		return Value{}, c.fail("%s", err)
	}
	return numberValue(count), nil
}

func evaluateDateFromNum(c call) (Value, error) {
	number, err := c.integer(0)
	if err != nil {
		return Value{}, err
	}
	date, err := dotnet.FromFileTime(number)
	if err != nil {
		return Value{}, c.fail("%s", err)
	}
	return dateValue(date), nil
}

func evaluateNumFromDate(c call) (Value, error) {
	date, err := c.date(0)
	if err != nil {
		return Value{}, err
	}
	number, err := dotnet.FileTime(date)
	if err != nil {
		return Value{}, c.fail("%s", err)
	}
	return textValue(strconv.FormatInt(number, 10)), nil
}

func evaluateNow(c call) (Value, error) { return dateValue(c.in.Now), nil }

// Places of the arguments of FormatDateTime.
const (
	formatSource = iota
	formatStyles
	formatInput
	formatOutput
)

// adaptFormat makes FormatDateTime(source, inputFormat, outputFormat), the older form, the one with four arguments.
func adaptFormat(arguments []*node) []*node {
	for len(arguments) > 3 && arguments[len(arguments)-1] == nil {
		arguments = arguments[:len(arguments)-1]
	}
	if len(arguments) != 3 || arguments[1] == nil {
		return arguments
	}
	return []*node{arguments[0], nil, arguments[1], arguments[2]}
}

// prepareFormat checks constant styles and formats.
func prepareFormat(p *preparation) any {
	if written, constant := p.constant(formatStyles); constant {
		if _, err := dotnet.ReadDateTimeStyles(written); err != nil {
			p.fail(formatStyles, "cannot be used: %s", err)
		}
	}
	for _, i := range []int{formatInput, formatOutput} {
		if layout, constant := p.constant(i); constant {
			if err := dotnet.CheckLayout(layout); err != nil {
				p.fail(i, "cannot be used: %s", err)
			}
		}
	}
	return nil
}

// evaluateFormatDateTime reads the source with one format, unless it is a date already, and writes it with another.
func evaluateFormatDateTime(c call) (Value, error) {
	source, err := c.value(formatSource)
	if err != nil || source.Empty() {
		return Value{}, err
	}
	text, single := source.Text()
	if !single {
		return Value{}, c.fail("the source has %d values; Item takes one of them", len(source.list))
	}
	written, _, err := c.text(formatStyles)
	if err != nil {
		return Value{}, err
	}
	styles, err := dotnet.ReadDateTimeStyles(written)
	if err != nil {
		return Value{}, c.fail("%s", err)
	}
	input, _, err := c.text(formatInput)
	if err != nil {
		return Value{}, err
	}
	output, _, err := c.text(formatOutput)
	if err != nil {
		return Value{}, err
	}
	var date time.Time
	if source.kind == Date {
		date = source.time()
	} else if date, err = dotnet.ParseTime(text, input, styles); err != nil {
		return Value{}, c.fail("%s", err)
	}
	if text, err = dotnet.FormatTime(date, output); err != nil {
		return Value{}, c.fail("%s", err)
	}
	return c.made(text)
}
