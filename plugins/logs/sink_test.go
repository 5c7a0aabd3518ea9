package logs

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestParseSink(t *testing.T) {
	for dsn, want := range map[string]string{
		"console://?encoding[codec]=json":                           `{"encoding":{"codec":"json"},"type":"console"}`,
		"aws_s3://?bucket=a&batch[max_bytes]=10&acl=null":           `{"acl":null,"batch":{"max_bytes":10},"bucket":"a","type":"aws_s3"}`,
		"aws-s3://host/path?a=1#b":                                  `{"a":1,"type":"aws_s3"}`,
		"http://?uri=https://u:p@h/?x%3D1&n=123456789012345678901":  `{"n":123456789012345678901,"type":"http","uri":"https://u:p@h/?x=1"}`,
		"loki://?auth[token]=foobar%3D":                             `{"auth":{"token":"foobar="},"type":"loki"}`,
		"x://?auth[secret]=2932JSDJ%252BKSDSDJ":                     `{"auth":{"secret":"2932JSDJ+KSDSDJ"},"type":"x"}`,
		"x://?auth[secret]=100%25":                                  `{"auth":{"secret":"100%"},"type":"x"}`,
		"x://?l[]=1&l[]=b&a[b][]=c&a[b][]=d":                        `{"a":{"b":["c","d"]},"l":[1,"b"],"type":"x"}`,
		"x://?l[][k]=1":                                             `{"l":[{"k":1}],"type":"x"}`,
		"x://?t=base64enc:c2VjcmV0Cg%3D%3D&type=other&inputs[]=all": `{"t":"secret","type":"x"}`,
		`x://?t="quoted&u=back\slash`:                               `{"t":"\"quoted","type":"x","u":"back\\slash"}`,
		"x://?&a={{ host }}":                                        `{"a":"{{ host }}","type":"x"}`,
	} {
		got, err := parseSink(dsn)
		if err != nil {
			t.Errorf("%s: %v", dsn, err)
			continue
		}
		if text, err := json.Marshal(got); err != nil || string(text) != want {
			t.Errorf("%s: %s, want %s", dsn, text, want)
		}
	}
	for _, dsn := range []string{
		"", "bogus", "://", "x://", "x://?", "x://?a", "x://?=1", "x://?a[=1", "x://?a[b=1", "x://?a]b[=1", "x://?a[b]c=1",
		"x://?a=1&a[b]=2", "x://?a[b]=1&a[]=2", "x://?a=%", "x://?%zz=1", "a b://?a=1", "x://?a=b\nc", "x://?sinks=1",
		"x://?a" + strings.Repeat("[b]", 20) + "=1", "x://?a=base64enc:!",
	} {
		if got, err := parseSink(dsn); err == nil {
			t.Errorf("%q: %v", dsn, got)
		}
	}
}

// What an operator reads of a sink that is wrong has nothing of its values.
func TestSecurityErrorsOfSinksHoldNoSecret(t *testing.T) {
	for _, dsn := range []string{"s3cret", "x://?s3cret", "x://?a=1&a[b]=s3cret", "x://?a=base64enc:s3cret!", "x://?a=s3cret%", "x://?a=s3cret\n"} {
		if _, err := parseSink(dsn); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", dsn, err)
		}
	}
}

func FuzzParseSink(f *testing.F) {
	f.Add("console://?encoding[codec]=json")
	f.Add("x://?l[]=1&l[]=b&a[b][]=c")
	f.Add("x://?t=base64enc:c2VjcmV0Cg%3D%3D")
	f.Add("x://?l[][k]=1&a[]=[")
	f.Fuzz(func(t *testing.T, dsn string) {
		got, err := parseSink(dsn)
		if err != nil {
			return
		}
		if kind, _ := got["type"].(string); kind == "" || strings.Contains(kind, "-") {
			t.Errorf("%q has the type %q", dsn, kind)
		}
		cfg, err := buildConfig([]scope{{component: func(k string) string { return k }, alias: "a", sink: dsn, cronSink: dsn}})
		if err != nil {
			t.Fatal(err)
		}
		text, err := cfg.encode()
		if err != nil || !json.Valid(text) {
			t.Errorf("%q makes %s: %v", dsn, text, err)
		}
		var back struct{ Sinks map[string]map[string]any }
		if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back.Sinks["sink"]["inputs"], []any{"relabel"}) {
			t.Errorf("%q is fed by %v: %v", dsn, back.Sinks["sink"]["inputs"], err)
		}
	})
}

func FuzzSettings(f *testing.F) {
	f.Add("10m")
	f.Add("a,b")
	f.Fuzz(func(t *testing.T, v string) {
		if validMaxSize(v) == nil && v != "unlimited" && strings.Trim(v, "0123456789+kmg") != "" {
			t.Errorf("max-size %q", v)
		}
		if validNetworks(v) == nil && strings.Contains(","+v+",", ",,") {
			t.Errorf("networks %q", v)
		}
		if validLabel(v) == nil && strings.ContainsAny(v, "\"\\ \n=") {
			t.Errorf("label %q", v)
		}
	})
}
