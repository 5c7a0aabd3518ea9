package certs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Names of the files in an app's tls folder.
const (
	certificateFile = "server.crt"
	keyFile         = "server.key"
	requestFile     = "server.csr"
	// letsencryptFile is left by old versions of the letsencrypt plugin: the
	// app's own certificate, with its issuers in server.crt.
	letsencryptFile = "server.letsencrypt.crt"
)

func (c *certs) dir(app string) string        { return filepath.Join(c.h.Store.AppDir(app), "tls") }
func (c *certs) file(app, name string) string { return filepath.Join(c.dir(app), name) }
func (c *certs) has(app, name string) bool    { return exists(c.file(app, name)) }
func (c *certs) defined(app string) bool      { return exists(c.dir(app)) }
func (c *certs) hasCertificate(app string) bool {
	return c.has(app, certificateFile) && c.has(app, keyFile)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// write puts a pair, and the request that belongs to it if there is one, in
// place of the one from before. All is on disk before the first file is
// replaced, so that a full disk changes nothing.
func (c *certs) write(app string, p Pair, request []byte) error {
	c.changing.Lock()
	defer c.changing.Unlock()
	if err := c.h.Store.MkdirAll(c.dir(app), 0o750); err != nil {
		return err
	}
	files := []struct {
		name string
		text []byte
		mode os.FileMode
	}{
		{keyFile, p.Key, 0o600},
		{certificateFile, p.Certificate, 0o640},
		{requestFile, request, 0o640},
	}
	for _, f := range files {
		if f.text == nil {
			continue
		}
		fresh := c.file(app, f.name+".new")
		defer os.Remove(fresh)
		if err := c.h.Store.WriteFile(fresh, f.text, f.mode); err != nil {
			return fmt.Errorf("cannot write the certificate of %s: %w", app, err)
		}
	}
	for _, f := range files {
		if f.text == nil {
			continue
		}
		if err := os.Rename(c.file(app, f.name+".new"), c.file(app, f.name)); err != nil {
			return fmt.Errorf("cannot write the certificate of %s: %w", app, err)
		}
	}
	return nil
}

// removeFiles removes an app's tls folder with all in it.
func (c *certs) removeFiles(app string) error {
	c.changing.Lock()
	defer c.changing.Unlock()
	if err := os.RemoveAll(c.dir(app)); err != nil {
		return fmt.Errorf("cannot remove the certificate of %s: %w", app, err)
	}
	return nil
}

// read reads one of the files.
func (c *certs) read(app, name string) ([]byte, error) {
	b, err := os.ReadFile(c.file(app, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("cannot read the certificate of %s: %w", app, err)
	}
	return b, err
}
