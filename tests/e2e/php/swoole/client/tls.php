<?php
/* SWOOLE_SSL, enableSSL, getPeerCert, verifyPeerCert, the settings ssl_*. */
require __DIR__ . '/peers.php';

use Swoole\Client;

const TLS = SWOOLE_SOCK_TCP | SWOOLE_SSL;
$file = fn (string $name): string => at('folder') . "/$name";
/** A client of TLS that could connect: what the peer says of it. */
function greeting(string $name, array $settings, string $host = HOST): string
{
    $c = new Client(TLS);
    $c->set($settings);
    return @$c->connect($host, at($name), MUCH) && ($said = @$c->recv()) ? $said : "failed $c->errCode";
}

$c = to('tls', [], TLS);
same('no SNI to an IP, the best version', "None TLSv1.3 none\n", $c->recv());
$c->send('secret');
same('echo', 'secret', $c->recv());
$c->send('abcdef');
same('peek', 'abc', $c->recv(3, Client::MSG_PEEK));
same('part', 'abc', $c->recv(3));
same('the rest is inside', 'def', $c->recv(3, Client::MSG_WAITALL));
$c->set(['read_timeout' => LITTLE]);
fails('limit', 11, $c, fn () => $c->recv(), 'recv');
$c->set(['read_timeout' => MUCH]);
$big = random_bytes(300000);
same('much', 300000, $c->send($big));
same('comes back', true, $big === $c->recv(300000, Client::MSG_WAITALL));
same('certificate', 'peer', openssl_x509_parse($c->getPeerCert())['subject']['CN']);
silent('not verified', false, fn () => $c->verifyPeerCert());
same('why', SWOOLE_ERROR_SSL_VERIFY_FAILED, $c->errCode);
silent('unknown is not self-signed', false, fn () => $c->verifyPeerCert(true));
fails('TLS again', SWOOLE_ERROR_INVALID_PARAMS, $c, fn () => $c->enableSSL(), 'enableSSL');
same('shutdown', true, $c->shutdown(Client::SHUT_WR));
same('the end', '', $c->recv());
same('close', true, $c->close());

same('SNI of a name', "localhost TLSv1.3 none\n", greeting('tls', [], 'localhost'));
same('SNI as set', "ten.example TLSv1.3 none\n", greeting('tls', ['ssl_host_name' => 'ten.example']));
same('an IP is no SNI', "None TLSv1.3 none\n", greeting('tls', ['ssl_host_name' => '127.0.0.1']));

$verify = ['ssl_verify_peer' => true, 'ssl_cafile' => $file('ca.pem')];
$refused = 'failed ' . SWOOLE_ERROR_SSL_VERIFY_FAILED;
same('verified', "ten.example TLSv1.3 none\n", greeting('tls', $verify + ['ssl_host_name' => 'ten.example']));
same('verified, wildcard', "a.wild.example TLSv1.3 none\n", greeting('tls', $verify + ['ssl_host_name' => 'a.wild.example']));
same('verified, deeper than the wildcard', $refused, greeting('tls', $verify + ['ssl_host_name' => 'a.b.wild.example']));
same('verified, IP', "None TLSv1.3 none\n", greeting('tls', $verify + ['ssl_host_name' => '127.0.0.1']));
same('verified, another IP', $refused, greeting('tls', $verify + ['ssl_host_name' => '127.0.0.2']));
same('verified, any name', "None TLSv1.3 none\n", greeting('tls', $verify));
same('another name', $refused, greeting('tls', $verify + ['ssl_host_name' => 'other.example']));
same('not the name it was called', $refused, greeting('tls', $verify, 'localhost'));
same('of another', $refused, greeting('tls_other', $verify + ['ssl_host_name' => 'ten.example']));
same('nobody we trust', $refused, greeting('tls', ['ssl_verify_peer' => true]));
same('self-signed', $refused, greeting('tls_self', $verify));
same('self-signed allowed', "None TLSv1.3 none\n", greeting('tls_self', $verify + ['ssl_allow_self_signed' => true]));
same('self-signed trusted', "None TLSv1.3 none\n", greeting('tls_self', ['ssl_cafile' => $file('self.pem')] + $verify));
same('self-signed allowed, of another', $refused,
    greeting('tls_self', $verify + ['ssl_allow_self_signed' => true, 'ssl_host_name' => 'other.example']));
same('expired', $refused, greeting('tls_expired', $verify + ['ssl_allow_self_signed' => true]));
same('not asked: all the same', "None TLSv1.3 none\n", greeting('tls_expired', []));
$c = new Client(TLS);
$c->set($verify + ['ssl_host_name' => 'other.example']);
fails('it warns', SWOOLE_ERROR_SSL_VERIFY_FAILED, $c, fn () => $c->connect(HOST, at('tls'), MUCH), 'connect');
same('and is closed', [false, -1], [$c->isConnected(), $c->sock]);

$c = to('tls_self', [], TLS);
same('verifyPeerCert', false, $c->verifyPeerCert());
same('verifyPeerCert, self-signed allowed', true, $c->verifyPeerCert(true));
$c = to('tls', ['ssl_cafile' => $file('ca.pem')], TLS);
same('verifyPeerCert, trusted', true, $c->verifyPeerCert());

/* Our own certificate. */
/* Of 1.3 the handshake has ended for us when the peer sees that. */
same('we have none', 'failed ' . SWOOLE_ERROR_SSL_RESET, greeting('tls_client', []));
$own = ['ssl_cert_file' => $file('client.pem'), 'ssl_key_file' => $file('client.key')];
same('we have one', "None TLSv1.3 client\n", greeting('tls_client', $own));
same('a locked key', "None TLSv1.3 client\n",
    greeting('tls_client', ['ssl_key_file' => $file('locked.key'), 'ssl_passphrase' => 'secret'] + $own));
$not_ready = 'failed ' . SWOOLE_ERROR_SSL_NOT_READY;
same('a locked key, wrong passphrase', $not_ready,
    greeting('tls_client', ['ssl_key_file' => $file('locked.key'), 'ssl_passphrase' => 'wrong'] + $own));
same('a locked key, no passphrase', $not_ready, greeting('tls_client', ['ssl_key_file' => $file('locked.key')] + $own));
same('the key of another', $not_ready, greeting('tls_client', ['ssl_key_file' => $file('peer.key')] + $own));
same('no file', $not_ready, greeting('tls_client', ['ssl_cert_file' => '/nonexistent']));
same('no file to trust', $not_ready, greeting('tls', ['ssl_cafile' => '/nonexistent']));
same('ciphers that are none', $not_ready, greeting('tls', ['ssl_ciphers' => 'NOTHING']));

/* Versions. */
same('their 1.2', "None TLSv1.2 none\n", greeting('tls_1_2', []));
same('our 1.2', "None TLSv1.2 none\n", greeting('tls', ['ssl_protocols' => SWOOLE_SSL_TLSv1_2]));
same('only 1.3, they 1.2', 'failed ' . SWOOLE_ERROR_SSL_HANDSHAKE_FAILED, greeting('tls_1_2', ['ssl_protocols' => SWOOLE_SSL_TLSv1_3]));
same('bits of nothing', "None TLSv1.3 none\n", greeting('tls', ['ssl_protocols' => 1 << 20]));

/* Peers that do not shake hands. */
$c = new Client(TLS);
$begin = microtime(true);
fails('silent', 110, $c, fn () => $c->connect(HOST, at('silent'), 0.2), 'connect');
same('silent: the limit is of all', true, microtime(true) - $begin >= 0.19 && microtime(true) - $begin < 5);
fails('plain', SWOOLE_ERROR_SSL_HANDSHAKE_FAILED, $c, fn () => $c->connect(HOST, at('hello'), MUCH), 'connect');
same('resets', 'failed 104', greeting('resets', []));
same('closes', 'failed', substr(greeting('closes', []), 0, 6));

/* Beginning later. */
$c = to('starttls');
fails('no certificate yet', SWOOLE_ERROR_SSL_NOT_READY, $c, fn () => $c->getPeerCert(), 'getPeerCert');
fails('nothing to verify yet', SWOOLE_ERROR_SSL_NOT_READY, $c, fn () => $c->verifyPeerCert(), 'verifyPeerCert');
$c->send("one\n");
same('plain', "plain one\n", $c->recv());
$c->send("tls\n");
same('go', "go\n", $c->recv());
$c->set(['ssl_host_name' => 'ten.example', 'ssl_verify_peer' => true, 'ssl_cafile' => $file('ca.pem')]);
same('enableSSL', true, $c->enableSSL());
same('secure', "ten.example TLSv1.3 none\n", $c->recv());
$c = to('starttls', ['open_eof_split' => true, 'package_eof' => "\n"]);
$c->send("inject\n");
same('go, and more', "go\n", $c->recv());
$c->send("now\n");
same('enableSSL', true, $c->enableSSL());
same('what was said in the clear is forgotten', "None TLSv1.3 none\n", $c->recv());
$c = to('starttls');
$c->send("tls\n");
$c->recv();
$c->set(['ssl_verify_peer' => true, 'ssl_host_name' => 'other.example', 'ssl_cafile' => $file('ca.pem')]);
fails('enableSSL, another', SWOOLE_ERROR_SSL_VERIFY_FAILED, $c, fn () => $c->enableSSL(), 'enableSSL');
same('closed', false, $c->isConnected());
$c = to('silent', ['connect_timeout' => 0.1, 'read_timeout' => MUCH], SWOOLE_SOCK_TCP);
$c->set(['connect_timeout' => 0.1]);
fails('enableSSL, silence', 110, $c, fn () => $c->enableSSL(), 'enableSSL');

$c = new Client(SWOOLE_SOCK_UNIX_STREAM | SWOOLE_SSL);
fails('Unix, one that echoes', SWOOLE_ERROR_SSL_HANDSHAKE_FAILED, $c, fn () => $c->connect(at('unix'), 0, MUCH), 'connect');
echo "done\n";
