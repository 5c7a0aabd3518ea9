package deploy

import (
	"context"

	"github.com/slipwayhq/slipway/app"
)

// keep makes a release the current one without starting anything of it, where
// ps:set skip-deploy says so, and tells whether it did. What runs goes on; the
// next ps:restart or ps:rebuild brings the release live.
// Source: Dokku plugins/common/functions, release_and_deploy.
func (f *Flow) keep(ctx context.Context, d *deployment, next app.Release) (bool, error) {
	skip, err := f.host.Computed("ps", "skip-deploy", d.app)
	if err != nil || skip != "true" {
		return false, err
	}
	d.out.Step("Skipping deployment")
	ctx = context.WithoutCancel(ctx)
	if err := f.releases.tag(ctx, next); err != nil {
		return true, err
	}
	if err := f.writeReleaseFiles(next); err != nil {
		return true, err
	}
	if err := f.releases.Save(next); err != nil {
		return true, err
	}
	d.out.Line("")
	return true, f.releases.prune(ctx, d.app)
}
