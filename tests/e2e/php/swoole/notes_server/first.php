<?php
/* Notes, the first snippet. Added: what is called says so. */
$server = new swoole_server('0.0.0.0', getenv('RS_PORT')); //all addresses
$server -> on('connect',function(swoole_server $ser,$fd,$from_id){ echo "connect {$fd} from {$from_id}\n"; });
$server -> on('receive',function(swoole_server $serv,$fd,$from_id,$data){;
  echo "receive {$fd} {$data}\n";
  $serv->send($fd,"来自服务器"); //$fd names the client
  $serv->close($fd);
 });
$server -> on('close',function($server,$fd,$from_id){ echo "close {$fd} from {$from_id}\n"; });
$server -> start();
echo "after start\n";
