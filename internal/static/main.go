// Package static is the web server in the images of static sites: the slipway
// binary called as static-server.
package static

import "io"

func Main(args []string, stderr io.Writer) int { return 0 }
