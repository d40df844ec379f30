// Package web turns the outcome of a run into something people read: one
// self-contained HTML file for a browser (Render), the same content for a
// terminal (Text), and charts as Vega-Lite specifications.
//
// It knows nothing of scenarios or models. The caller fills a Document, which
// is made of generic blocks (headline figures, tables, charts, gates,
// findings), and every renderer shows all of it:
//
//	doc := web.Document{Title: "credit-g", Verdict: "Lend to 61 % ...", Headline: figures, Gates: gates,
//		Chapters: []web.Chapter{{Stage: "need", Title: "Is there money in it?", Blocks: []web.Block{...}}}}
//	err := web.Render(w, doc)          // report.html
//	err = web.Text(os.Stdout, doc, 100, true)
//
// The page needs no network: scripts and styles are inside it, and its content
// security policy forbids loading anything. All text is escaped. Equal
// documents give equal bytes.
//
// Files: document.go and block.go are the nouns, cell.go the parts of tables,
// number.go how numbers are written, html.go and text.go the renderers,
// palette.go the colours, chart*.go one kind of chart each, assets/ the page.
package web
