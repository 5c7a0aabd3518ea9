package cron

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/plugin"
	"github.com/slipwayhq/slipway/state"
)

// reportGlobal are the rows that an app's report has as well; name may be
// state.Global.
func (c *cron) reportGlobal(name string) (plugin.Rows, error) {
	rows := plugin.Rows{}
	for _, p := range []state.Property{mailFrom, mailTo, maintenance} {
		v, err := c.host.Store.Get(p, state.Global)
		if err != nil {
			return nil, err
		}
		rows["cron-global-"+p.Name], rows["cron-computed-"+p.Name] = v, v
	}
	off, err := c.inMaintenance(name)
	if err != nil {
		return nil, err
	}
	rows["cron-computed-maintenance"] = strconv.FormatBool(off)
	return rows, nil
}

// reportApp has also one row per task that is suspended, and one per task that
// missed runs. Source of the former: Dokku plugins/cron/report.go.
func (c *cron) reportApp(_ context.Context, name string) (plugin.Rows, error) {
	rows, err := c.reportGlobal(name)
	if err != nil {
		return nil, err
	}
	properties, err := c.host.Store.Properties("cron", name)
	if err != nil {
		return nil, err
	}
	rows["cron-maintenance"] = properties[maintenance.Name]
	for key, value := range properties {
		if id, ok := strings.CutPrefix(key, taskPrefix); ok {
			rows["cron-maintenance-"+id] = value
		}
	}
	tasks, err := c.tasks(name)
	if err != nil { // as in Dokku, cron:list says why
		tasks = nil
	}
	rows["cron-task-count"] = strconv.Itoa(len(tasks))
	for _, t := range tasks {
		e := c.ticker.book.get(name, t.ID)
		if missed := e.missedOf(time.Now()); missed > 0 {
			rows["cron-missed-"+t.ID] = fmt.Sprintf("%d, last %s", missed, e.MissedAt.In(time.Local).Format(time.RFC3339))
		}
	}
	return rows, nil
}
