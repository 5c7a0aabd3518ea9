package logs

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"regexp"
	"strings"
)

// sink is one sink of Vector's configuration: its options by name, nested where
// the DSN has brackets. The options type and inputs are set by us.
type sink map[string]any

// sinkType is what may stand before ://.
var sinkType = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// maxDepth bounds the brackets of one option; Vector's own options have three.
const maxDepth = 10

// parseSink reads TYPE://?option=value&option[key]=value&list[]=value. Values
// that are JSON (numbers, true, null, …) become that, and text in the form
// base64enc:TEXT is decoded. Its errors never show the value, which may hold
// credentials.
// Source: Dokku plugins/logs/logs.go, SinkValueToConfig.
func parseSink(dsn string) (sink, error) {
	kind, rest, ok := strings.Cut(dsn, "://")
	if !ok || !sinkType.MatchString(kind) {
		return nil, errors.New("it must be TYPE://?OPTION=VALUE, such as console://?encoding[codec]=json")
	}
	rest, _, _ = strings.Cut(rest, "#")
	_, query, _ := strings.Cut(rest, "?")
	if strings.IndexFunc(dsn, func(r rune) bool { return r < ' ' || r == 0x7f }) >= 0 {
		return nil, errors.New("it must not contain control characters")
	}
	query = strings.TrimPrefix(query, "&")
	if query == "" {
		return nil, errors.New("it has no options. It must be TYPE://?OPTION=VALUE, such as console://?encoding[codec]=json")
	}
	options := map[string]any{}
	for i, part := range strings.Split(query, "&") {
		if err := addOption(options, part); err != nil {
			return nil, fmt.Errorf("option %d %w", i+1, err)
		}
	}
	if v, given := options["sinks"]; given && v != "" {
		return nil, errors.New("the option sinks is not one of a sink")
	}
	for key, value := range options {
		text, isText := value.(string)
		encoded, isEncoded := strings.CutPrefix(text, "base64enc:")
		if !isText || !isEncoded {
			continue
		}
		decoded, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, fmt.Errorf("the option %s is not in base64", key)
		}
		options[key] = strings.TrimSpace(string(decoded))
	}
	options["type"] = strings.ReplaceAll(kind, "-", "_")
	delete(options, "inputs")
	return options, nil
}

// into is the sink with the components that feed it.
func (s sink) into(inputs ...string) sink {
	fed := maps.Clone(s)
	fed["inputs"] = inputs
	return fed
}

// addOption adds one `name[key]…=value`.
func addOption(options map[string]any, part string) error {
	rawKey, rawValue, ok := strings.Cut(part, "=")
	if !ok {
		return errors.New("has no =")
	}
	key, err := url.QueryUnescape(rawKey)
	if err != nil {
		return errors.New("has a % that does not begin an escape")
	}
	value, err := url.QueryUnescape(rawValue)
	if err != nil {
		return errors.New("has a % that does not begin an escape")
	}
	path, err := splitKey(key)
	if err != nil {
		return err
	}
	// A value below a bracket is unescaped once more for each, as people who
	// wrote %252B for Dokku rely on; what is no escape then stays as it is.
	for range path[1:] {
		again, err := url.QueryUnescape(value)
		if err != nil {
			break
		}
		value = again
	}
	return put(options, path, literal(value))
}

// splitKey is the path of name[key][key]; an empty key is a list's.
func splitKey(key string) ([]string, error) {
	name, rest, _ := strings.Cut(key, "[")
	if name == "" {
		return nil, errors.New("has no name")
	}
	path := []string{name}
	if len(name) == len(key) {
		return path, nil
	}
	for _, piece := range strings.Split(rest, "[") {
		inner, closed := strings.CutSuffix(piece, "]")
		if !closed || strings.Contains(inner, "]") {
			return nil, errors.New("has brackets that do not match")
		}
		path = append(path, inner)
	}
	if len(path) > maxDepth {
		return nil, errors.New("has too many brackets")
	}
	return path, nil
}

// put stores a value at its path, appending where the path has a list.
func put(options map[string]any, path []string, value any) error {
	name, rest := path[0], path[1:]
	if len(rest) == 0 {
		options[name] = value
		return nil
	}
	if rest[0] == "" {
		list, isList := options[name].([]any)
		if options[name] != nil && !isList {
			return errors.New("is a list here and none before")
		}
		if len(rest) > 1 {
			element := map[string]any{}
			if err := put(element, append([]string{"-"}, rest[1:]...), value); err != nil {
				return err
			}
			value = element["-"]
		}
		options[name] = append(list, value)
		return nil
	}
	inner, isMap := options[name].(map[string]any)
	if options[name] != nil && !isMap {
		return errors.New("has keys here and none before")
	}
	if inner == nil {
		inner = map[string]any{}
		options[name] = inner
	}
	return put(inner, rest, value)
}

// literal is a value as JSON where it is JSON, else text.
func literal(value string) any {
	for _, text := range []string{value, `"` + value + `"`} {
		d := json.NewDecoder(bytes.NewReader([]byte(text)))
		d.UseNumber() // long numbers, such as keys, keep their digits
		var v any
		if d.Decode(&v) == nil {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				return v
			}
		}
	}
	return value
}
