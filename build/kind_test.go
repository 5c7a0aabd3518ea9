package build

import (
	"slices"
	"testing"

	"github.com/slipwayhq/slipway/docker"
)

func TestKindOf(t *testing.T) {
	own := map[string]string{"DOKKU_APP_USER": "me"}
	for _, c := range []struct {
		what  string
		image docker.Image
		env   map[string]string
		want  Kind
	}{
		{"any image", docker.Image{Env: []string{"USER=root"}}, nil, Plain},
		{"herokuish", docker.Image{Env: []string{"A=b", "USER=herokuishuser"}}, nil, Herokuish},
		{"a user of its own", docker.Image{Env: []string{"USER=me"}}, own, Herokuish},
		{"the default user, where another is set", docker.Image{Env: []string{"USER=herokuishuser"}}, own, Plain},
		{"buildpacks", docker.Image{Labels: map[string]string{"io.buildpacks.stack.id": "heroku-24"}, Env: []string{"USER=herokuishuser"}}, nil, CNB},
	} {
		if got := KindOf(c.image, c.env); got != c.want {
			t.Errorf("%s: %s", c.what, got)
		}
	}
}

func TestHowHerokuishRunsCommands(t *testing.T) {
	if got := Herokuish.Start("web"); !slices.Equal(got, []string{"/start", "web"}) {
		t.Error(got)
	}
	if got := Herokuish.Exec([]string{"ls", "-l"}); !slices.Equal(got, []string{"/exec", "ls", "-l"}) {
		t.Error(got)
	}
	for _, k := range []Kind{Plain, CNB} {
		if got := k.Exec([]string{"ls"}); !slices.Equal(got, []string{"ls"}) || k.Start("web") != nil || k.Script("x") != "x" {
			t.Error(k, got)
		}
	}
}
