<?php
/* Notes, [WebSocket]. Other events of a server work here, too. */
        $server = new swoole_websocket_server('127.0.0.1',getenv('RS_PORT'));
        $server->on("open",function($ser,$request){ //after the handshake
          var_dump($request); //has header and server of the client
        });
        $server->on("message",function($ser,$frame){ //a message of the client
                                              //$frame is a swoole_websocket_frame object
          echo "receive clietn data ----\n";
          var_dump($frame); //data is in it: frame->data
          $ser->push($frame->fd,"hello!");
        });
        $server->on("close",function($ser,$fd){
          echo "client {$fd }close\n";
        });
        $server->on("start", fn () => print("start\n"));
        $server->on("managerStart", fn () => print("manager start\n"));
        $server->on("workerStart", fn () => print("worker start\n"));
        $server->start();
         ?>
