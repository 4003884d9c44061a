<?php

declare(strict_types=1);

namespace Rserverd\Mysql;

/** Shows a MySQL server that we know a password, without telling it to whoever listens. */
final class Password
{
    public const NATIVE = 'mysql_native_password';
    public const SHA2 = 'caching_sha2_password';

    /** @param bool $private nobody can listen: the server is at the other end of a Unix socket */
    public function __construct(private readonly string $password, private readonly bool $private)
    {
    }

    /** For the number that the server has thrown. */
    public function answer(string $plugin, string $challenge): string
    {
        if ($this->password === '') {
            return '';
        }

        return match ($plugin) {
            self::NATIVE => sha1($this->password, true) ^ sha1($challenge . sha1(sha1($this->password, true), true), true),
            self::SHA2 => hash('sha256', $this->password, true)
                ^ hash('sha256', hash('sha256', hash('sha256', $this->password, true), true) . $challenge, true),
            default => throw new ProtocolError("the server wants to log in by $plugin, which is not known here"),
        };
    }

    /** SHA2, to a server that has forgotten us: the password itself, or (null) first its key is asked for. */
    public function plain(): ?string
    {
        return $this->private ? "$this->password\0" : null;
    }

    /** The same for its key. */
    public function sealed(string $key, string $challenge): string
    {
        $mask = str_repeat($challenge, intdiv(strlen($this->password), max(1, strlen($challenge))) + 1);
        if (!function_exists('openssl_public_encrypt')
            || !@openssl_public_encrypt("$this->password\0" ^ $mask, $sealed, $key, OPENSSL_PKCS1_OAEP_PADDING)) {
            throw new ProtocolError('the key of the server is no RSA key');
        }

        return $sealed;
    }
}
