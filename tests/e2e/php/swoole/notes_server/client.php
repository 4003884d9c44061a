<?php
/* Notes 2.1, 2.2, the synchronous mode, against the first snippet. */
$cli = new swoole_client(SWOOLE_SOCK_TCP);
var_dump($cli->isConnected());
if ($cli->connect('127.0.0.1', getenv('RS_TO'), 0.5)) {
    var_dump($cli->isConnected());
    $cli->send("data");
    echo $cli->recv(), "\n";
    var_dump($cli->recv());
    $cli->close();
} else {
    echo "connect failed.";
}
