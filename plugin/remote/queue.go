package remote

import (
	"fmt"
	"io"
	"sync"
)

// queue writes what a call prints, in its order, on a goroutine of its own: a caller who reads slowly holds up no other call.
type queue struct {
	mu     sync.Mutex
	wake   *sync.Cond
	pieces []piece
	size   int // bytes that wait
	closed bool
	done   chan struct{}
}

// piece is something to be written; written is called when it was, or could not be.
type piece struct {
	to      io.Writer
	data    []byte
	written func(error)
}

// maxQueue is how much may wait, in bytes.
const maxQueue = 8 << 20

func newQueue() *queue {
	q := &queue{done: make(chan struct{})}
	q.wake = sync.NewCond(&q.mu)
	go q.write()
	return q
}

// add puts a piece at the end. It fails when the plugin prints so much faster than the caller reads that memory would run out;
// a plugin that sends its output as requests and waits for the answers cannot get there.
func (q *queue) add(p piece) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil // the call is over
	}
	if q.size+len(p.data) > maxQueue {
		return fmt.Errorf("it prints faster than the caller reads: %d MB wait. It should send stdout as requests and wait for the answers", maxQueue>>20)
	}
	q.pieces, q.size = append(q.pieces, p), q.size+len(p.data)
	q.wake.Signal()
	return nil
}

func (q *queue) write() {
	defer close(q.done)
	for {
		q.mu.Lock()
		for len(q.pieces) == 0 && !q.closed {
			q.wake.Wait()
		}
		if len(q.pieces) == 0 {
			q.mu.Unlock()
			return
		}
		p := q.pieces[0]
		q.pieces = q.pieces[1:]
		q.mu.Unlock()
		_, err := p.to.Write(p.data)
		p.written(err)
		q.mu.Lock()
		q.size -= len(p.data)
		q.mu.Unlock()
	}
}

// close waits until everything is written, and takes no more.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.wake.Signal()
	q.mu.Unlock()
	<-q.done
}
