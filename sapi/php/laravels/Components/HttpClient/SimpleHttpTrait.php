<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Components\HttpClient;

use RuntimeException;

/** GET with curl. In coroutines, curl's waiting is the scheduler's business. */
trait SimpleHttpTrait
{
    /** @var array<string, int> seconds; how many redirects are followed */
    protected $curlOptions = ['timeout' => 5, 'connect_timeout' => 3, 'max_redirects' => 3];

    /**
     * @param array<string, mixed> $options timeout, connect_timeout, max_redirects; headers: list of lines
     *
     * @return array{statusCode: int, headers: array<string, string>, body: string}
     */
    public function httpGet($url, array $options = [])
    {
        $options += $this->curlOptions;
        $headers = [];
        $curl = curl_init();
        curl_setopt_array($curl, [
            CURLOPT_URL => $url,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_FOLLOWLOCATION => $options['max_redirects'] > 0,
            CURLOPT_MAXREDIRS => (int) $options['max_redirects'],
            CURLOPT_TIMEOUT_MS => (int) (1000 * $options['timeout']),
            CURLOPT_CONNECTTIMEOUT_MS => (int) (1000 * $options['connect_timeout']),
            CURLOPT_HTTPHEADER => $options['headers'] ?? [],
            CURLOPT_HEADERFUNCTION => static function ($curl, string $line) use (&$headers): int {
                if (str_starts_with($line, 'HTTP/')) {
                    $headers = []; // of the redirect before
                } elseif (str_contains($line, ':')) {
                    [$name, $value] = explode(':', $line, 2);
                    $headers[strtolower(trim($name))] = trim($value);
                }

                return strlen($line);
            },
        ]);
        $body = curl_exec($curl);
        [$error, $status] = [curl_error($curl), curl_getinfo($curl, CURLINFO_RESPONSE_CODE)];
        if ($body === false) {
            throw new RuntimeException("GET $url failed: $error");
        }

        return ['statusCode' => (int) $status, 'headers' => $headers, 'body' => $body];
    }
}
