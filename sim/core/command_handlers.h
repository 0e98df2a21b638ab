// The commands themselves; see commands.h for what they are given.
#pragma once

#include "sim/core/commands.h"

namespace sim {

// "OK", or what is wrong with the name.
resp::Value set_client_name(Session& session, const std::string& name);

resp::Value append_command(Execution&);
resp::Value asking_command(Execution&);
resp::Value auth_command(Execution&);
resp::Value blmove_command(Execution&);
resp::Value blpop_command(Execution&);
resp::Value brpop_command(Execution&);
resp::Value brpoplpush_command(Execution&);
resp::Value client_command(Execution&);
resp::Value cluster_delegate_command(Execution&);
resp::Value command_command(Execution&);
resp::Value config_command(Execution&);
resp::Value copy_command(Execution&);
resp::Value dbsize_command(Execution&);
resp::Value debug_command(Execution&);
resp::Value decr_command(Execution&);
resp::Value decrby_command(Execution&);
resp::Value del_command(Execution&);
resp::Value discard_command(Execution&);
resp::Value dump_command(Execution&);
resp::Value echo_command(Execution&);
resp::Value exec_command(Execution&);
resp::Value exists_command(Execution&);
resp::Value expire_command(Execution&);
resp::Value expireat_command(Execution&);
resp::Value expiretime_command(Execution&);
resp::Value failover_command(Execution&);
resp::Value flush_command(Execution&);
resp::Value get_command(Execution&);
resp::Value getdel_command(Execution&);
resp::Value getset_command(Execution&);
resp::Value hello_command(Execution&);
resp::Value incr_command(Execution&);
resp::Value incrby_command(Execution&);
resp::Value info_command(Execution&);
resp::Value keys_command(Execution&);
resp::Value lindex_command(Execution&);
resp::Value llen_command(Execution&);
resp::Value lmove_command(Execution&);
resp::Value lpop_command(Execution&);
resp::Value lpush_command(Execution&);
resp::Value lpushx_command(Execution&);
resp::Value lrange_command(Execution&);
resp::Value mget_command(Execution&);
resp::Value move_command(Execution&);
resp::Value migrate_command(Execution&);
resp::Value mset_command(Execution&);
resp::Value msetnx_command(Execution&);
resp::Value multi_command(Execution&);
resp::Value persist_command(Execution&);
resp::Value pexpire_command(Execution&);
resp::Value pexpireat_command(Execution&);
resp::Value pexpiretime_command(Execution&);
resp::Value ping_command(Execution&);
resp::Value psetex_command(Execution&);
resp::Value psubscribe_command(Execution&);
resp::Value psync_command(Execution&);
resp::Value pttl_command(Execution&);
resp::Value publish_command(Execution&);
resp::Value pubsub_command(Execution&);
resp::Value punsubscribe_command(Execution&);
resp::Value quit_command(Execution&);
resp::Value readonly_command(Execution&);
resp::Value readwrite_command(Execution&);
resp::Value replconf_command(Execution&);
resp::Value replicaof_command(Execution&);
resp::Value reset_command(Execution&);
resp::Value restore_command(Execution&);
resp::Value role_command(Execution&);
resp::Value rpop_command(Execution&);
resp::Value rpoplpush_command(Execution&);
resp::Value rpush_command(Execution&);
resp::Value rpushx_command(Execution&);
resp::Value scan_command(Execution&);
resp::Value select_command(Execution&);
resp::Value set_command(Execution&);
resp::Value setex_command(Execution&);
resp::Value setnx_command(Execution&);
resp::Value shutdown_command(Execution&);
resp::Value spublish_command(Execution&);
resp::Value ssubscribe_command(Execution&);
resp::Value strlen_command(Execution&);
resp::Value subscribe_command(Execution&);
resp::Value sunsubscribe_command(Execution&);
resp::Value swapdb_command(Execution&);
resp::Value time_command(Execution&);
resp::Value ttl_command(Execution&);
resp::Value type_command(Execution&);
resp::Value unsubscribe_command(Execution&);
resp::Value unwatch_command(Execution&);
resp::Value wait_command(Execution&);
resp::Value watch_command(Execution&);

}  // namespace sim
