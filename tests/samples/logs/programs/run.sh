./ledger segv
./ledger free
sh -c 'kill -9 $$'
echo serving again
