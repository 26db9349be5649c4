// Package dotnet reads and writes dates and regular expressions as .NET does.
//
// Mappings and scoping filters that come from Microsoft Entra are written for .NET: FormatDateTime takes .NET date formats, CDate
// reads what DateTime.Parse reads, Replace and REGEX MATCH take .NET regular expressions. Everything here uses the invariant
// culture and UTC.
//
// Regular expressions are parsed here by the rules of .NET, compiled by regexp/syntax, and run by a matcher of this package that
// tries all alternatives side by side. Its time is proportional to text times pattern, whatever the pattern; in return,
// look-around, back-references and atomic groups, which need backtracking, are refused when a pattern is compiled.
package dotnet
