package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/proxy"
)

func TestErrorsArriveAsTheyLeft(t *testing.T) {
	for _, want := range []error{
		&proxy.InvalidError{App: "blog", Reason: "no"},
		&proxy.TakenError{App: "blog", What: "a.example.com", Owner: "shop"},
		&proxy.PortError{App: "blog", Port: 8080, Reason: "busy"},
		errors.New("the disk is on fire"),
	} {
		for _, err := range []error{want, fmt.Errorf("%w", want)} {
			data, jsonErr := json.Marshal(Of(err))
			if jsonErr != nil {
				t.Fatal(jsonErr)
			}
			var p Problem
			if err := json.Unmarshal(data, &p); err != nil {
				t.Fatal(err)
			}
			got := p.Err()
			if fmt.Sprintf("%T", got) != fmt.Sprintf("%T", want) || got.Error() != want.Error() || !cmp.Equal(Of(got), p) || p.Status() < 400 {
				t.Errorf("%v arrived as %T %v, status %d", want, got, got, p.Status())
			}
		}
	}
}
