<?php
/* Requests from a worker: with coroutines it waits, without them it is called back. */
$peers = json_decode($argv[1], true);
$server = new Swoole\Http\Server('127.0.0.1', (int)getenv('RS_PORT'));
$server->set(['worker_num' => 1, 'enable_coroutine' => (bool)$peers['coroutine'], 'log_level' => SWOOLE_LOG_NONE]);
$say = function ($response, $c): void {
    $asked = json_decode($c->body, true);
    $response->end("$asked[method] $asked[target] $c->statusCode");
};
$server->on('request', function ($request, $response) use ($peers, $say): void {
    if ($request->server['request_uri'] === '/sync') {
        $c = new Co\Http\Client('127.0.0.1', $peers['web']);
        $c->set(['timeout' => 20]);
        $c->get('/echo');
        $say($response, $c);
    } else {
        $c = new swoole_http_client('127.0.0.1', $peers['web']);
        $c->set(['timeout' => 20]);
        $c->get('/echo', fn ($c) => $say($response, $c));
    }
});
$server->start();
