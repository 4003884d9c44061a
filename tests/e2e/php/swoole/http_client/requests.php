<?php
/* HC1 to HC3, HC5, HC7: what is sent, what is kept from one request to the next, what is refused. */
require __DIR__ . '/web.php';

use Swoole\Coroutine\Http\Client;
use Swoole\Coroutine\Http\Client\Exception;

throws('empty host', Exception::class, 22, fn () => new Client(''));
foreach (["a\r\nb", 'a b', 'a/b', "a\0", 'u@h', 'a:1'] as $host) {
    throws('host ' . json_encode($host), Exception::class, 22, fn () => new Client($host));
}
throws('port', Exception::class, 22, fn () => new Client('a', 65536));
same('ports', [80, 443], [(new Client('a'))->port, (new Client('a', 0, true))->port]);
same('alias', Client::class, Co\Http\Client::class === 'Co\Http\Client' ? (new ReflectionClass('Co\Http\Client'))->getName() : '');
throws('outside of a coroutine', Swoole\Error::class, 10001, fn () => (new Client(HOST, at('web')))->get('/echo'));
throws('no clones', Error::class, null, fn () => clone new Client(HOST));

Co\run(function (): void {
    $c = web();
    same('nothing yet', ['', null, null, 0, false, false], [
        $c->getBody(), $c->getHeaders(), $c->getCookies(), $c->getStatusCode(), $c->getHeaderOut(), $c->getpeername(),
    ]);
    same('close before', false, $c->close());
    same('get', true, $c->get('/echo?a=b'));
    same('status', [200, 0, '', true], [$c->statusCode, $c->errCode, $c->errMsg, $c->connected]);
    same('method and target', ['GET', '/echo?a=b'], [asked($c)['method'], asked($c)['target']]);
    same('names of fields', ['Host', 'Accept-Encoding', 'Connection'], array_column(asked($c)['fields'], 0));
    same('host', [HOST . ':' . at('web')], field($c, 'host'));
    same('headerOut', true, str_starts_with($c->getHeaderOut(), "GET /echo?a=b HTTP/1.1\r\nHost: "));
    same('peer', at('web'), $c->getpeername()['port']);
    same('own', HOST, $c->getsockname()['host']);
    same('no certificate', false, $c->getPeerCert());
    $number = asked($c)['number'];

    same('post text', true, $c->post('/echo', 'some text'));
    same('as it is', ['POST', 'some text'], [asked($c)['method'], asked($c)['body']]);
    same('length', [['9'], []], [field($c, 'content-length'), field($c, 'content-type')]);
    same('same connection', $number, asked($c)['number']);
    $c->post('/echo', ['a' => 'b c', 'd' => ['e' => '&', 'ä']]);
    same('form', 'a=b+c&d%5Be%5D=%26&d%5B0%5D=%C3%A4', asked($c)['body']);
    same('its type', ['application/x-www-form-urlencoded'], field($c, 'content-type'));
    $c->post('/echo', '');
    same('empty', [['0'], ''], [field($c, 'content-length'), asked($c)['body']]);
    $c->setData('x');
    $c->execute('/echo');
    same('data makes it POST', 'POST', asked($c)['method']);
    $c->execute('/echo');
    same('for one request only', ['GET', ''], [asked($c)['method'], asked($c)['body']]);
    same('setMethod', true, $c->setMethod('PATCH'));
    $c->setData(['a' => 1]);
    $c->execute('/echo');
    same('any method', ['PATCH', 'a=1'], [asked($c)['method'], asked($c)['body']]);
    $big = random_bytes(3 << 20);
    $c->post('/echo', base64_encode($big));
    same('much, there and back', true, base64_decode(asked($c)['body']) === $big);

    $c->setHeaders(['X-One' => 1, 'X-Many' => ['a', 'b'], 'X-None' => null, 'user-agent' => 'me', 'Content-Length' => 3, 'Host' => 'h.example']);
    foreach ([1, 2] as $_) {
        $c->get('/echo');
        same('headers stay', [['1'], ['a', 'b'], [], ['me'], [], ['h.example']], array_map(fn ($n) => field($c, $n), ['X-One', 'X-Many', 'X-None', 'User-Agent', 'Content-Length', 'Host']));
    }
    $c->setHeaders(['Content-Type' => 'application/json', 'Accept-Encoding' => 'x']);
    $c->post('/echo', ['a' => 1]);
    same('own type', [['application/json'], ['x'], []], [field($c, 'Content-Type'), field($c, 'Accept-Encoding'), field($c, 'X-One')]);
    $c->setHeaders([]);
    $c->setBasicAuth('Aladdin', 'open sesame');
    $c->get('/echo');
    same('basic', ['Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='], field($c, 'authorization'));

    // cookies
    $set = fn (string ...$lines): string => raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" . implode('', array_map(fn ($l) => "Set-Cookie: $l\r\n", $lines)) . "\r\n");
    $c->get($set('a=1; Path=/', 'b=x%20%3B+y; HttpOnly', 'empty=', 'nothing', '=no'));
    same('cookies', ['a' => '1', 'b' => 'x ;+y', 'empty' => ''], $c->cookies);
    same('their lines', 5, count($c->set_cookie_headers));
    same('header of several is the last', '=no', $c->headers['set-cookie']);
    $c->get('/echo');
    same('sent', ['a=1; b=x%20%3B%2By; empty='], field($c, 'cookie'));
    same('kept', ['a' => '1', 'b' => 'x ;+y', 'empty' => ''], $c->getCookies());
    same('lines of this one', null, $c->set_cookie_headers);
    $c->get($set('a=; Max-Age=0', 'b=; expires=Thu, 01-Jan-1970 00:00:01 GMT', 'c=3; expires=Fri, 31 Dec 9999 23:59:59 GMT'));
    same('gone', ['empty' => '', 'c' => '3'], $c->cookies);
    $c->setCookies(['z' => 'ä;']);
    $c->get('/echo');
    same('set', ['z=%C3%A4%3B'], field($c, 'cookie'));

    // what must not pass
    $out = $c->getHeaderOut();
    foreach (["/\r\nX: y", "/a b", "/\n", "/\0", 'echo', '', '/#x'] as $path) {
        refused('path ' . json_encode($path), fn () => $c->get($path));
        refused('path of post ' . json_encode($path), fn () => $c->post($path, 'x'));
        refused('path of upgrade ' . json_encode($path), fn () => $c->upgrade($path));
    }
    foreach ([["X\r\nY" => '1'], ['X' => "a\r\nY: b"], ['X' => "a\n"], ['X' => "a\0"], ['X' => ['a', "b\r"]], ['X:' => 'a'], ['' => 'a'], ['a'], ['Transfer-Encoding' => 'chunked']] as $headers) {
        refused('headers ' . json_encode($headers), fn () => $c->setHeaders($headers));
        $c->requestHeaders = $headers;
        refused('property requestHeaders ' . json_encode($headers), fn () => $c->get('/echo'));
    }
    $c->requestHeaders = null;
    foreach ([["a\r\n" => 'b'], ['a=b' => 'c'], ['a;' => 'b'], ['' => 'b']] as $cookies) {
        refused('cookies ' . json_encode($cookies), fn () => $c->setCookies($cookies));
        $c->cookies = $cookies;
        refused('property cookies ' . json_encode($cookies), fn () => $c->get('/echo'));
    }
    $c->cookies = null;
    foreach (["GET /\r\n", '', 'CONNECT', 'a b'] as $method) {
        refused('method ' . json_encode($method), fn () => $c->setMethod($method));
    }
    $c->setCookies(['a' => "b\r\nX: y"]);
    same('a cookie with a line', true, $c->get('/echo'));
    same('is encoded', [['a=b%0D%0AX%3A%20y'], []], [field($c, 'cookie'), field($c, 'x')]);

    // closing
    same('still', true, $c->connected);
    same('close', [true, false], [$c->close(), $c->connected]);
    same('closed', false, $c->close());
    same('again', true, $c->get('/echo'));
    same('a new one', true, asked($c)['number'] > $number);
    $c = web(['keep_alive' => false]);
    $c->get('/echo');
    same('keep_alive off', [['close'], false], [field($c, 'connection'), $c->connected]);
    $c->set(['http_compression' => false, 'keep_alive' => true]);
    $c->get('/echo');
    same('compression not asked for', [], field($c, 'accept-encoding'));

    // deferred
    $a = web();
    $b = web();
    $a->setDefer();
    $b->setDefer();
    same('defer', [true, true], [$a->getDefer(), $a->get('/echo?1')]);
    $b->get('/echo?2');
    same('not yet', [0, ''], [$a->statusCode, $a->body]);
    same('recv', [true, true], [$b->recv(), $a->recv()]);
    same('each its own', ['/echo?1', '/echo?2'], [asked($a)['target'], asked($b)['target']]);
    silent('nothing more', false, fn () => $a->recv());
    $a->get('/echo?3');
    $a->get('/echo?4');
    same('one nobody fetched', [true, '/echo?4'], [$a->recv(), asked($a)['target']]);

    // other ways there
    $c = web([], 'web_unix');
    same('unix', [true, ['localhost']], [$c->get('/echo'), field($c, 'host')]);
    $c = web([], 'web6', '::1');
    same('IPv6', [true, ['[::1]:' . at('web6')]], [$c->get('/echo'), field($c, 'host')]);
    same('a name', true, web([], 'web', 'localhost')->get('/echo'));

    // at the same time
    $c = web();
    $got = [];
    $wait = new Co\WaitGroup();
    $wait->add();
    go(function () use ($c, &$got, $wait): void {
        $got[] = $c->get('/silence');
        $wait->done();
    });
    throws('by another', Swoole\Error::class, 10002, fn () => $c->get('/echo'));
    while (!$c->connected) {
        Co::sleep(0.001);
    }
    $c->close();
    $wait->wait(MUCH);
    same('close wakes who waits', [[false], -3, 6001], [$got, $c->statusCode, $c->errCode]);
    same('and then', true, $c->get('/echo'));
    $cid = go(function () use ($c, &$got, $wait): void {
        $wait->add();
        $got[] = $c->get('/silence');
        $wait->done();
    });
    same('cancel', true, Co::cancel($cid));
    $wait->wait(MUCH);
    same('cancelled', [-3, 10017], [$c->statusCode, $c->errCode]);
});
