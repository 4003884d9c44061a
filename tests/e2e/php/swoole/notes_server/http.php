<?php
/* Notes, [HttpServer]: what is in the request, and what can be done with the response. RS_POST=0: http_parse_post off. */
$serv = new swoole_http_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
$serv->set(array('worker_num' => 2, 'package_max_length' => 200000, 'enable_coroutine' => (bool) getenv('RS_COROUTINES')));
if (getenv('RS_POST') === '0') {
    $serv->set(array(
        'http_parse_post' => false,
    ));
}
var_dump($serv instanceof swoole_server);
file_put_contents(getenv('RS_DIR') . '/test.jpg', str_repeat('jpeg', 1000));
$serv->on('connect', fn () => null);
$serv->on('receive', fn () => print("never\n"));
$serv->on('request', function (swoole_http_request $request, swoole_http_response $response) {
    switch ($request->server['path_info']) {
        case '/request':
            $out = ['header' => $request->header, 'server' => $request->server];
            foreach (['get', 'post', 'cookie', 'files'] as $name) {
                $out[$name] = isset($request->$name) ? $request->$name : 'not set';
            }
            $out['raw'] = $request->rawContent();
            return $response->end(json_encode($out));
        case '/hello':
            return $response->end($request->get['hello'] . $request->post['hello']);
        case '/header':
            $response->header('Content-Type', 'image/jpeg');
            $response->cookie('name', 'value');
            $response->status(404);
            return $response->end('nothing');
        case '/late':
            $response->end('first');
            return print(json_encode([$response->header('Content-Type', 'image/jpeg'), $response->end('second')]) . "\n");
        case '/gzip':
            $response->gzip(1);
            return $response->end(str_repeat('text ', 1000));
        case '/gzip-late':
            $response->write('text');
            $late = @$response->gzip(1);
            return $response->end(json_encode($late));
        case '/write':
            $response->write('one ');
            $response->write('two ');
            return $response->end();
        case '/sendfile-late':
            $response->write('one ');
            $late = @$response->sendfile(getenv('RS_DIR') . '/test.jpg');
            return $response->end(json_encode($late));
        case '/none.jpg':
            $sent = @$response->sendfile(getenv('RS_DIR') . $request->server['request_uri']);
            return $response->end(json_encode($sent));
        default:
            $response->gzip(1); // has no meaning for a file
            $response->header('Content-Type', 'image/jpeg');
            $response->sendfile(getenv('RS_DIR') . $request->server['request_uri']);
    }
});
$serv->start();
