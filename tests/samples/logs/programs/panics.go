package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
)

type Ledger struct{ balance map[string]int }

func (l *Ledger) settle(name string) int { return l.balance[name[5:]] }

func main() {
	fmt.Fprintln(os.Stderr, "listening")
	switch os.Args[1] {
	case "index":
		(&Ledger{}).settle("abc")
	case "nil":
		var ledger *Ledger
		ledger.settle("abcdefgh")
	case "error":
		panic(fmt.Errorf("settle: %w", errors.Join(errors.New("lease expired"), errors.New("no quorum"))))
	case "again":
		defer func() { panic(fmt.Sprint("while recovering from: ", recover())) }()
		panic("ledger is gone")
	case "deadlock":
		var group sync.WaitGroup
		group.Add(1)
		group.Wait()
	case "map":
		counts := map[int]int{}
		for n := 0; n < 8; n++ {
			go func() {
				for {
					counts[1]++
				}
			}()
		}
		select {}
	case "race":
		count, done := 0, make(chan bool)
		go func() { count++; done <- true }()
		count++
		<-done
		fmt.Fprintln(os.Stderr, "balance", count)
	case "http":
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("ledger is gone") }))
		http.Get(server.URL)
		fmt.Fprintln(os.Stderr, "serving again")
	}
}
