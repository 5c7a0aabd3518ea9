// Nothing is a Go program that does nothing: the floor of every command that
// is a Go program.
package main

func main() {}
