package schedulerdockerlocal

import "testing"

func TestInspectMasksSecrets(t *testing.T) {
	c := map[string]any{"Config": map[string]any{"Env": []any{"SECRET=x=y", "PORT=5000", "DYNO=web.1", "DOKKU_X=1"}}}
	maskEnv(c)
	env := c["Config"].(map[string]any)["Env"].([]any)
	if env[0] != "SECRET=XXXXXX" || env[1] != "PORT=5000" || env[2] != "DYNO=web.1" || env[3] != "DOKKU_X=1" {
		t.Error(env)
	}
	maskEnv(map[string]any{}) // nothing to mask is no error
}
