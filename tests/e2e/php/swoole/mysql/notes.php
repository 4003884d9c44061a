<?php
/* The example of the API notes; only where the server is, is another. */
[, $port] = $argv;
$db = new swoole_mysql;
$server = array(
    'host' => '127.0.0.1',
    'port' => (int)$port,
    'user' => 'native',
    'password' => 'secret',
    'database' => 'cms',
);
$db->on('Close', function($db){echo "MySQL connection is closed.\n";});

function onSQLReady(swoole_mysql $link, mixed $result)
{
    if ($result === false) {
        echo "no result\n";
        return;
    }
    var_dump($result);
    $link->query('leave', function ($db, $result) {
        echo $result === false ? "left: $db->errno\n" : "still there\n";
    });
}

$db->connect($server, function (swoole_mysql $db, bool $result) {
    if ($result === false) {
        echo "$db->connect_errno $db->connect_error\n";
        return;
    }
    $db->query('select name from articles', 'onSQLReady');
});
