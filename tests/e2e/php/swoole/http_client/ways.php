<?php
/* TLS and proxies (HC1, HC2, HC5). */
require __DIR__ . '/web.php';

$ca = ['ssl_verify_peer' => true, 'ssl_cafile' => at('folder') . '/ca.pem'];
$tls = fn (string $peer, array $settings, string $host = HOST) => web($settings, $peer, $host, true);

Co\run(function () use ($ca, $tls): void {
    $c = $tls('web_tls', []);
    same('TLS', [true, 200], [$c->get('/echo'), $c->statusCode]);
    same('certificate', 'peer', openssl_x509_parse($c->getPeerCert())['subject']['CN']);
    $c->get('/echo');
    same('kept', true, asked($c)['number'] === (fn () => [$c->get('/echo'), asked($c)['number']][1])());
    foreach ([1, 100000] as $step) {
        same("body by $step", [true, 'hello'], [$c->get(raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", $step)), $c->body]);
    }
    same('closed behind our back', [true, true], [$c->get('/last'), $c->get('/echo')]);
    same('verified', true, $tls('web_tls', $ca)->get('/echo'));
    same('by another name', true, $tls('web_tls', $ca + ['ssl_host_name' => 'ten.example'])->get('/echo'));
    foreach (['not that name' => ['web_tls', $ca + ['ssl_host_name' => 'nine.example']], 'not that IP' => ['web_other', $ca],
        'self-signed' => ['web_self', $ca], 'nobody we trust' => ['web_tls', ['ssl_verify_peer' => true]]] as $name => [$peer, $settings]) {
        $c = $tls($peer, $settings);
        unlucky($name, -1, SWOOLE_ERROR_SSL_VERIFY_FAILED, $c, fn () => $c->get('/echo'));
        same("$name: why", true, strlen($c->errMsg) > 10);
    }
    same('self-signed is allowed', true, $tls('web_self', ['ssl_verify_peer' => true, 'ssl_allow_self_signed' => true, 'ssl_host_name' => 'ten.example'])->get('/echo'));
    $own = ['ssl_cert_file' => at('folder') . '/client.pem', 'ssl_key_file' => at('folder') . '/client.key'];
    same('own certificate', true, $tls('web_asks', $own)->get('/echo'));
    $c = $tls('web_asks', []);
    same('none', false, $c->get('/echo'));
    $c = $tls('web', ['timeout' => 1, 'connect_timeout' => 1]); // waits for a line
    same('no TLS there', [false, -1], [$c->get('/echo'), $c->statusCode]);
    $c = web([], 'web_tls');
    same('no TLS here', [false, -3], [$c->get('/echo'), $c->statusCode]);

    // proxies
    $proxy = ['http_proxy_host' => HOST, 'http_proxy_port' => at('forwarder'), 'http_proxy_user' => 'us', 'http_proxy_password' => 'secret'];
    $c = web($proxy, 'web', 'ten.example');
    same('plain, by proxy', true, $c->get('/echo?x'));
    same('absolute', 'http://ten.example:' . at('web') . '/echo?x', asked($c)['target']);
    same('host', ['ten.example:' . at('web')], field($c, 'host'));
    same('again', true, $c->get('/echo'));
    $c = $tls('web_tls', $proxy + $ca);
    same('TLS, by proxy', true, $c->get('/echo?y'));
    same('through', ['/echo?y', []], [asked($c)['target'], field($c, 'proxy-authorization')]);
    $c = web(['http_proxy_password' => 'wrong'] + $proxy, 'web');
    same('plain, wrong password', [true, 407], [$c->get('/echo'), $c->statusCode]);
    $c = $tls('web_tls', ['http_proxy_password' => 'wrong'] + $proxy);
    unlucky('TLS, wrong password', -1, 7101, $c, fn () => $c->get('/echo'));
    $socks = ['socks5_host' => HOST, 'socks5_port' => at('socks5'), 'socks5_username' => 'us', 'socks5_password' => 'secret'];
    $c = web($socks, 'web', 'elsewhere.example');
    same('SOCKS5', [true, '/echo'], [$c->get('/echo'), asked($c)['target']]);
    $c = web(['socks5_password' => 'no'] + $socks, 'web');
    unlucky('SOCKS5, wrong password', -1, 7003, $c, fn () => $c->get('/echo'));

    // functions
    $url = 'http://' . HOST . ':' . at('web');
    $p = Swoole\Coroutine\Http\get("$url/echo?a=b", ['timeout' => MUCH], ['X-One' => '1'], ['c' => 'd']);
    $asked = json_decode($p->getBody(), true);
    same('get', [200, 'GET', '/echo?a=b'], [$p->getStatusCode(), $asked['method'], $asked['target']]);
    same('fields and cookies', [true, true], [in_array(['X-One', '1'], $asked['fields'], true), in_array(['Cookie', 'c=d'], $asked['fields'], true)]);
    same('its class', Swoole\Coroutine\Http\ClientProxy::class, $p::class);
    same('post', 'a=b', json_decode(Swoole\Coroutine\Http\post("$url/echo", ['a' => 'b'])->getBody(), true)['body']);
    same('request', 'DELETE', json_decode(Swoole\Coroutine\Http\request("$url/echo", 'DELETE')->getBody(), true)['method']);
    same('no path', 404, Swoole\Coroutine\Http\get($url)->getStatusCode());
    same('https', 200, Swoole\Coroutine\Http\get('https://us:er@' . HOST . ':' . at('web_tls') . '/echo')->getStatusCode());
    throws('refused', Swoole\Coroutine\Http\Client\Exception::class, SOCKET_ECONNREFUSED, fn () => Swoole\Coroutine\Http\get('http://' . HOST . ':' . at('refused')));
    throws('another scheme', Swoole\Coroutine\Http\Client\Exception::class, 22, fn () => Swoole\Coroutine\Http\get('ftp://x/'));
});
