<?php
/* Notes 1.1 and "four ways of callbacks": closure, static method, function, method; RS_FORM names one. Names of events are not
   case-sensitive. */
class Callbacks
{
    public static function onReceiveStatic($serv, $fd, $from_id, $data)
    {
        $serv->send($fd, "static method: {$data}");
    }

    public function onReceive($serv, $fd, $from_id, $data)
    {
        $serv->send($fd, "method: {$data}");
    }

    public function __invoke($serv, $fd, $from_id, $data)
    {
        $serv->send($fd, "invoked: {$data}");
    }
}

function my_onReceive($serv, $fd, $from_id, $data)
{
    $serv->send($fd, "function: {$data}");
}

$forms = [
    'closure' => function ($serv, $fd, $from_id, $data) {
        $serv->send($fd, "closure: {$data}");
    },
    'static' => 'Callbacks::onReceiveStatic',
    'array' => ['Callbacks', 'onReceiveStatic'],
    'function' => 'my_onReceive',
    'method' => [new Callbacks(), 'onReceive'],
    'invokable' => new Callbacks(),
];
$serv = new swoole_server('127.0.0.1', getenv('RS_PORT'));
var_dump($serv->on('CONNECT', fn ($s, $fd) => print("connect\n")));
var_dump($serv->on('ReCeIvE', fn () => print("replaced\n")));
var_dump($serv->on('receive', $forms[getenv('RS_FORM')]));
var_dump(@$serv->on('onReceive', fn () => print("not an event\n")));
$serv->on('Close', fn ($s, $fd) => print("close\n"));
$serv->start();
