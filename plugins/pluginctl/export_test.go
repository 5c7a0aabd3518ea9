package pluginctl

import (
	"time"

	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/plugin/index"
)

// PluginAt is Plugin with a clock.
func PluginAt(h *plugin.Host, now func() time.Time) plugin.Plugin { return pluginAt(h, now) }

// Official is the index that came with Slipway, its signature and its key.
func Official() (text, signature, key []byte) {
	var all [3][]byte
	for i, name := range []string{"index.json", "index.json.minisig", "index.pub"} {
		content, err := official.ReadFile("official/" + name)
		if err != nil {
			panic(err)
		}
		all[i] = content
	}
	return all[0], all[1], all[2]
}

// OfficialIssued is when it was made.
func OfficialIssued() time.Time {
	text, _, _ := Official()
	ix, err := index.Parse(text)
	if err != nil {
		panic(err)
	}
	return ix.Issued
}
