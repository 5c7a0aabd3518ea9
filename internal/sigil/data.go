package sigil

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jmespath/go-jmespath"
	"go.yaml.in/yaml/v3"
)

func (r *renderer) json(file any) (any, error) {
	b, err := r.read(file)
	if err != nil {
		return nil, err
	}
	var v any
	err = json.Unmarshal(b, &v)
	return v, err
}

func toJSON(v any) (string, error) {
	b, err := json.Marshal(withTextKeys(v))
	return string(b), err
}

func (r *renderer) yaml(file any) (any, error) {
	b, err := r.read(file)
	if err != nil {
		return nil, err
	}
	var v any
	err = yaml.Unmarshal(b, &v)
	return v, err
}

func toYAML(v any) (string, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	enc.CompactSeqIndent()
	err := errors.Join(enc.Encode(v), enc.Close())
	return b.String(), err
}

// withTextKeys is data of YAML as JSON can have it: keys are text.
func withTextKeys(v any) any {
	switch v := v.(type) {
	case map[any]any:
		out := map[string]any{}
		for key, value := range v {
			out[fmt.Sprint(key)] = withTextKeys(value)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			out[key] = withTextKeys(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = withTextKeys(v[i])
		}
		return out
	}
	return v
}

// pointer is what a JSON pointer (RFC 6901) leads to, nil where it leads nowhere.
func pointer(path string, in any) (any, error) {
	v := withTextKeys(in)
	if _, ok := v.(map[string]any); !ok {
		return nil, errors.New("pointer needs a map type")
	}
	if path == "" {
		return v, nil
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		switch at := v.(type) {
		case map[string]any:
			v = at[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(at) {
				return nil, nil // it leads nowhere
			}
			v = at[i]
		default:
			return nil, nil
		}
	}
	return v, nil
}

func jmesPath(path string, in any) (any, error) {
	query, err := jmespath.Compile(path)
	if err != nil {
		return nil, fmt.Errorf("JmesPath compileerror: %w", err)
	}
	found, err := query.Search(withTextKeys(in))
	if err != nil {
		return nil, fmt.Errorf("JmesPath search error: %w", err)
	}
	return found, nil
}

func (r *renderer) base64Encode(file any) (string, error) {
	b, err := r.read(file)
	return base64.StdEncoding.EncodeToString(b), err
}

func (r *renderer) base64Decode(file any) (string, error) {
	b, err := r.read(file)
	if err != nil {
		return "", err
	}
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(b)))
	return string(text), err
}
