// Package builderlambda builds apps that are functions of AWS Lambda with
// lambda-builder, which must be installed on the server.
//
// An app whose source has a file lambda.yml is built by it; for a file of
// another name, builder-lambda:set APP lambdayml-path config/lambda.yml.
//
//	dokku builder:set blog selected lambda      without such a file
//
// The image runs the function and listens on port 5000. The archive to give to
// AWS is kept as data/builder-lambda/APP/REVISION.zip of the state folder, with
// the Procfile beside it.
package builderlambda

import (
	"github.com/slipwayhq/slipway/build/tool"
	"github.com/slipwayhq/slipway/plugin"
)

var feature = tool.Feature{
	Name: "builder-lambda", Builder: "lambda", File: "lambda.yml", Property: "lambdayml-path",
	Help: "Manage the lambda builder integration for an app",
}

// Plugin is the feature's commands, property and triggers.
func Plugin(h *plugin.Host) plugin.Plugin { return feature.Plugin(h) }
