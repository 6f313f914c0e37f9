// Package stack keeps things.
package stack

import (
	"fmt"
	str "strings"
	. "math"
	_ "embed"
)

// Limit is the most items.
const Limit = 10

const (
	// A is first.
	A, B = 1, 2
)

var names, other []string

// Stack is a stack.
//
// It grows.
type Stack[T any] struct {
	items []T
	Size, Cap int
	Base
}

type (
	Pusher interface {
		Push(x int) error
	}
	ID = string
	Celsius float64
)

// Push adds.
func (s *Stack[T]) Push(x T) error {
	local := fmt.Sprintf("%v", x)
	s.items = append(s.items, x)
	return str.Errorf(local)
}

func main() {
	s := &Stack[int]{}
	s.Push(1)
	go func() { helper() }()
}
