<?php
/* Runtime's hooks of TLS: handshakes and data, both ends in coroutines of one process; a call that blocked would never come back. */
require __DIR__ . '/../memory/check.php';

use function Swoole\Coroutine\batch;

$pem = sys_get_temp_dir() . '/rs-tls-' . getmypid() . '.pem';
register_shutdown_function(fn () => @unlink($pem));
$key = openssl_pkey_new(['private_key_bits' => 2048]);
$cert = openssl_csr_sign(openssl_csr_new(['commonName' => 'localhost'], $key), null, $key, 2);
openssl_x509_export($cert, $cert_text);
openssl_pkey_export($key, $key_text);
file_put_contents($pem, $cert_text . $key_text);
$ctx = stream_context_create(['ssl' => ['local_cert' => $pem, 'verify_peer' => false, 'verify_peer_name' => false]]);

/** A listening socket and its address. */
function listening(string $transport): array
{
    global $ctx;
    $server = stream_socket_server("$transport://127.0.0.1:0", $errno, $error, STREAM_SERVER_BIND | STREAM_SERVER_LISTEN, $ctx);
    return [$server, stream_socket_get_name($server, false)];
}

Swoole\Runtime::enableCoroutine();

/* ---- transports that begin with a handshake */
foreach (['ssl', 'tls', 'tlsv1.2', 'tlsv1.3'] as $transport) {
    Co\run(function () use ($transport, $ctx): void {
        [$server, $address] = listening($transport);
        same($transport, [["hello\n", 3000000], ["HELLO\n", 3000000]], batch([function () use ($server): array {
            $c = stream_socket_accept($server, 30);
            $line = fgets($c);
            usleep(1000);
            fwrite($c, strtoupper($line));
            return [$line, strlen(stream_get_contents($c))];
        }, function () use ($transport, $address, $ctx): array {
            $c = stream_socket_client("$transport://$address", $errno, $error, 30, STREAM_CLIENT_CONNECT, $ctx);
            fwrite($c, "hello\n");
            return [fgets($c), fwrite($c, str_repeat('x', 3000000))];
        }]));
    });
}

Co\run(function () use ($ctx): void {
    [$server, $address] = listening('tcp');

    /* ---- a handshake later on */
    same('stream_socket_enable_crypto', [[true, "hello\n"], true], batch([function () use ($server): array {
        $c = stream_socket_accept($server, 30);
        return [stream_socket_enable_crypto($c, true, STREAM_CRYPTO_METHOD_TLS_SERVER), fgets($c)];
    }, function () use ($address, $ctx): bool {
        $c = stream_socket_client("tcp://$address", $errno, $error, 30, STREAM_CLIENT_CONNECT, $ctx);
        $ok = stream_socket_enable_crypto($c, true, STREAM_CRYPTO_METHOD_TLS_CLIENT);
        fwrite($c, "hello\n");
        return $ok;
    }]));

    /* ---- handshakes that fail */
    same('a certificate nobody vouches for', [false, false], batch([function () use ($server): bool {
        $c = stream_socket_accept($server, 30);
        return @stream_socket_enable_crypto($c, true, STREAM_CRYPTO_METHOD_TLS_SERVER);
    }, fn () => @stream_socket_client("ssl://$address", $errno, $error, 30)]));
    $accepted = null;
    $before = microtime(true);
    same('a server that says nothing', [true, false], batch([function () use ($server, &$accepted): bool {
        $accepted = stream_socket_accept($server, 30);
        return is_resource($accepted);
    }, fn () => @stream_socket_client("ssl://$address", $errno, $error, 0.1)]));
    same('for no longer than it may take', true, microtime(true) - $before < 20);
});
