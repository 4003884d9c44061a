<?php
/* Notes 1.12: "tick and after cannot be used before start": then there is a loop already, and the server does not start. */
$ser = new swoole_server('127.0.0.1', getenv('RS_PORT'));
$ser->on('receive', fn () => null);
$id = swoole_timer_tick(10, fn () => null);
var_dump($ser->start());
swoole_timer_clear($id);
