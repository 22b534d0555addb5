package main

import "sync"

func main() {
	println("listening")
	var group sync.WaitGroup
	group.Add(1)
	group.Wait()
}
