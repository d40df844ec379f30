package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"strings"
)

// assets are the page's template, style and script, and the chart scripts in
// assets/vega, unmodified from their npm packages, with their licences.
//
//go:embed assets
var assets embed.FS

// vegaScripts in the order in which they need each other.
var vegaScripts = []string{"vega.min.js", "vega-lite.min.js", "vega-embed.min.js"}

// Render writes the document as one self-contained HTML page: no request
// leaves it, and it can be mailed or printed. It is about 0.9 MB with charts
// and 40 kB without. Errors come from w, from a chart whose specification JSON
// cannot hold, or from a nil block; nothing is written then except on an error
// of w itself.
func Render(w io.Writer, doc Document) error {
	p, err := view(doc)
	if err != nil {
		return err
	}
	if err := p.addAssets(); err != nil {
		return fmt.Errorf("web: rendering: %w", err)
	}
	t, err := template.New("page").Funcs(template.FuncMap{"prose": prose}).ParseFS(assets, "assets/*.tmpl")
	if err != nil {
		return fmt.Errorf("web: rendering: %w", err)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "page.tmpl", p); err != nil {
		return fmt.Errorf("web: rendering: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// sourceMap is the last line of a minified script; following it would make a
// browser's developer tools look for a file that is not there.
var sourceMap = regexp.MustCompile(`(?m)^//# sourceMappingURL=.*$`)

func (p *pageView) addAssets() error {
	read := func(name string) string {
		data, err := assets.ReadFile("assets/" + name)
		if err != nil {
			// The names are literals of this package and embedded at build time.
			return ""
		}
		return string(data)
	}
	p.Style = template.CSS(read("page.css"))
	p.Light, p.Dark = template.CSS(lightPalette.css()), template.CSS(darkPalette.css())
	if p.HasCharts {
		themes, err := json.Marshal(map[string]any{"light": Theme(false), "dark": Theme(true)})
		if err != nil {
			return err
		}
		p.Themes = template.JS(themes)
		for _, name := range vegaScripts {
			p.Scripts = append(p.Scripts, template.JS(sourceMap.ReplaceAllString(read("vega/"+name), "")))
		}
		p.Licences = read("vega/LICENCES.txt")
	}
	p.Scripts = append(p.Scripts, template.JS(read("page.js")))
	return nil
}

// css is the palette as custom properties.
func (p palette) css() string {
	var b strings.Builder
	for _, v := range [][2]string{
		{"page", p.Page},
		{"surface", p.Surface},
		{"raised", p.Raised},
		{"line", p.Line},
		{"ink", p.Ink},
		{"soft", p.Soft},
		{"faint", p.Faint},
		{"mute", p.Mute},
		{"accent", p.Accent},
		{"accent-soft", p.AccentSoft},
		{"good", p.Good},
		{"warn", p.Warn},
		{"bad", p.Bad},
		{"warn-soft", p.WarnSoft},
		{"bad-soft", p.BadSoft},
	} {
		fmt.Fprintf(&b, "--%s:%s;", v[0], v[1])
	}
	return b.String()
}

// chart numbers a chart and marshals its specification. The encoder escapes
// "<", so that no text in the data can end the script it stands in.
func (p *pageView) chart(c Chart) (chartView, error) {
	p.chartCount++
	spec, err := json.Marshal(c.Spec)
	if err != nil {
		return chartView{}, fmt.Errorf("web: rendering chart %q: the specification cannot be written as JSON: %w", c.Title, err)
	}
	return chartView{
		ID: fmt.Sprintf("chart-%d", p.chartCount), Title: c.Title, Caption: c.Caption, Alt: c.Alt,
		Spec: template.JS(spec), HasSpec: c.Spec != nil,
		Data: viewTable(c.Data), HasData: len(c.Data.Columns) > 0,
	}, nil
}

// span is a piece of a line of code with the class that colours it.
type span struct{ Class, Text string }

// spans cuts a text into coloured pieces. Only YAML is coloured, by lines: a
// key, a comment, the rest. That is enough to read a scenario; a parser is not
// needed, and a text that is no YAML at all still comes out whole.
func spans(language, text string) []span {
	text = strings.TrimRight(text, "\n")
	if language != "yaml" {
		return []span{{Text: text}}
	}
	var out []span
	for line := range strings.Lines(text) {
		line, comment := cutComment(line)
		if m := yamlKey.FindStringSubmatch(line); m != nil {
			out = append(out, span{Text: m[1]}, span{"key", m[2]}, span{Text: m[3]})
		} else {
			out = append(out, span{Text: line})
		}
		if comment != "" {
			out = append(out, span{"comment", comment})
		}
	}
	return out
}

// yamlKey is a line that begins with a key: indent and dashes, key, the rest.
var yamlKey = regexp.MustCompile(`(?s)^([ \t]*(?:- +)*)([^\s#'"{}\[\],:][^#'"{}\[\],:]*)(:(?:\s.*|))$`)

// cutComment splits a line before a "#" that stands outside quotes at the
// start or after a space.
func cutComment(line string) (code, comment string) {
	var quote byte
	for i := range len(line) {
		c := line[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return line[:i], line[i:]
		}
	}
	return line, ""
}

// prose escapes running text and sets what stands between backquotes as code.
func prose(text string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		escaped := template.HTMLEscapeString(part)
		switch {
		case i%2 == 0:
			b.WriteString(escaped)
		case i == strings.Count(text, "`"): // the last quote has no partner
			b.WriteString("`" + escaped)
		default:
			b.WriteString("<code>" + escaped + "</code>")
		}
	}
	return template.HTML(b.String()) //nolint:gosec // every part was escaped above
}
