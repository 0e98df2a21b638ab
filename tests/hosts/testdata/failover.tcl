# A failover test as people write them: it starts six servers, makes a cluster of them, kills a
# primary, and sleeps and polls until another has taken over. Run it as it is, or under
#   slotsim exec -- tclsh failover.tcl
# Its servers live in a folder below the current one, which it makes anew and removes.

set base 17000
set folder failover-servers
file delete -force $folder
file mkdir $folder

proc cli {port args} { exec redis-cli -p $port {*}$args }

proc wait_for {what tries script} {
    for {set i 0} {$i < $tries} {incr i} {
        if {[uplevel 1 $script]} { puts "ok   $what"; return }
        after 50
    }
    puts "FAIL $what"
    cleanup
    exit 1
}

proc cleanup {} {
    foreach pid $::pids { catch {exec kill -9 $pid} }
    file delete -force $::folder
}

proc state {port} {
    if {[catch {cli $port cluster info} info]} { return down }
    regexp {cluster_state:(\w+)} $info -> state
    return $state
}

set pids {}
for {set i 0} {$i < 6} {incr i} {
    set port [expr {$base + $i}]
    file mkdir $folder/$port
    lappend pids [exec redis-server --port $port --dir $folder/$port --cluster-enabled yes \
        --cluster-node-timeout 2000 --save "" --logfile log &]
}
for {set i 0} {$i < 6} {incr i} {
    set port [expr {$base + $i}]
    wait_for "server $i answers" 100 { expr {![catch {cli $port ping} pong] && $pong eq "PONG"} }
}

set addresses {}
for {set i 0} {$i < 6} {incr i} { lappend addresses 127.0.0.1:[expr {$base + $i}] }
exec redis-cli --cluster create {*}$addresses --cluster-replicas 1 --cluster-yes
wait_for "the cluster is ok" 400 {
    set good 0
    for {set i 0} {$i < 6} {incr i} { incr good [expr {[state [expr {$base + $i}]] eq "ok"}] }
    expr {$good == 6}
}
exec redis-cli -c -p $base set name value
wait_for "the replicas follow" 400 {
    expr {[string match "*slave0:*state=online*" [cli $base info replication]]}
}

# Whoever owns slot 0 is frozen for a moment, which nobody minds, and then killed.
set victim [lindex $pids 0]
exec kill -STOP $victim
after 500
exec kill -CONT $victim
wait_for "it is back" 100 { expr {[state $base] eq "ok"} }
exec kill -9 $victim
after 3000
wait_for "somebody took over" 400 {
    expr {[regexp {fail} [cli [expr {$base + 1}] cluster nodes]] && [state [expr {$base + 1}]] eq "ok"}
}
wait_for "the value is still there" 100 {
    expr {![catch {exec redis-cli -c -p [expr {$base + 1}] get name} got] && $got eq "value"}
}
cleanup
puts "all is well"
exit 0
