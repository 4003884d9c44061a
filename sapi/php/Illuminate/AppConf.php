<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Rserverd\Log;
use UnexpectedValueException;

/**
 * The evaluated config/laravels.php as the rows that the master understands: section, key, value.
 *
 * The file's top level is section laravels; a map in it is a section of its own name; what lies deeper is a dotted
 * key, but for the keyed lists of processes, ports and tables: each of their items is a section, processes.NAME. A list
 * gives one row per item.
 */
final class AppConf
{
    private const KEYED = ['processes', 'sockets', 'swoole_tables'];

    /** Top-level keys whose values are arrays of names and values: another one would be no setting at all. */
    private const MAPS = ['swoole', 'websocket', 'timer', 'inotify_reload', 'destroy_controllers', 'events', 'event_handlers'];

    /** @var list<array{string, string, string}> */
    private array $rows = [];

    /**
     * @param array<array-key, mixed> $config
     *
     * @return list<array{string, string, string}>
     */
    public static function rows(array $config, string $basePath): array
    {
        $conf = new self();
        foreach ($config as $key => $value) {
            $key = (string) $key;
            self::checkMap($key, $value);
            if ($key === 'laravel_base_path') {
                // Where the application is was known before this file could be read.
                $conf->checkBasePath($value, $basePath);
            } elseif (!is_array($value) || array_is_list($value) && !in_array($key, self::KEYED, true)) {
                $conf->add('laravels', $key, $value);
            } elseif (in_array($key, self::KEYED, true)) {
                foreach ($value as $name => $item) {
                    $conf->section("$key.$name", self::item("$key.$name", $item));
                }
            } else {
                $conf->section($key, $key === 'swoole' ? $conf->certificates($value) : $value);
            }
        }

        return $conf->rows;
    }

    /**
     * A process may be its class alone, which then says itself what it wants; an empty queue is one with defaults.
     *
     * @return array<array-key, mixed>
     */
    private static function item(string $name, mixed $item): array
    {
        $isProcess = str_starts_with($name, 'processes.');
        if (!is_array($item) && !($isProcess && is_string($item))) {
            throw new UnexpectedValueException("config/laravels.php: $name must be an array" . ($isProcess ? ' or a class' : '')
                . '; it is of type ' . get_debug_type($item));
        }
        if (!is_array($item)) {
            $asks = ['redirect' => 'isRedirectStdinStdout', 'pipe' => 'getPipeType'];
            $asks = array_filter($asks, static fn (string $method): bool => method_exists($item, $method));

            return ['class' => $item] + array_map(static fn (string $method): mixed => $item::$method(), $asks);
        }

        return ($item['queue'] ?? null) === [] ? ['queue' => true] + $item : $item;
    }

    /**
     * swoole.ssl_sni_certs, as Swoole has it (host => [ssl_cert_file, ssl_key_file]): each is a section ssl.NAME.
     *
     * @param array<array-key, mixed> $map
     *
     * @return array<array-key, mixed> the others
     */
    private function certificates(array $map): array
    {
        foreach (is_array($map['ssl_sni_certs'] ?? null) ? $map['ssl_sni_certs'] : [] as $host => $item) {
            if (!is_array($item)) {
                throw new UnexpectedValueException("config/laravels.php: swoole.ssl_sni_certs.$host must be an array with ssl_cert_file "
                    . 'and ssl_key_file; it is of type ' . get_debug_type($item));
            }
            $this->section("ssl.$host", [
                'cert_file' => $item['ssl_cert_file'] ?? null, 'key_file' => $item['ssl_key_file'] ?? null, 'server_name' => $host,
            ]);
        }
        unset($map['ssl_sni_certs']);

        return $map;
    }

    /** @param array<array-key, mixed> $map */
    private function section(string $section, array $map, string $prefix = ''): void
    {
        foreach ($map as $key => $value) {
            if (is_array($value) && !array_is_list($value)) {
                $this->section($section, $value, "$prefix$key.");
            } else {
                $this->add($section, $prefix . $key, $value);
            }
        }
    }

    private function add(string $section, string $key, mixed $value): void
    {
        self::refuseObjects("$section.$key", $value);
        // The mark of an item: what wants one value must not get several.
        $key .= is_array($value) ? '[]' : '';
        foreach (is_array($value) ? $value : [$value] as $item) {
            $text = $this->text($item);
            if ($text === null) {
                continue;
            }
            if (preg_match('/[\t\r\n]/', $section . $key)) {
                Log::warning("config/laravels.php: the key $section.$key has control characters and is ignored");
                continue;
            }
            $this->rows[] = [$section, $key, $text];
        }
    }

    /** The master reads text: what has none cannot be a setting, and must not look as if it were one. */
    private static function refuseObjects(string $name, mixed $value): void
    {
        foreach (is_array($value) ? $value : [] as $key => $item) {
            self::refuseObjects(is_int($key) ? $name : "$name.$key", $item);
        }
        if (is_object($value) || str_starts_with(gettype($value), 'resource')) {
            throw new UnexpectedValueException("config/laravels.php: $name is a " . get_debug_type($value)
                . ', which cannot be a setting');
        }
    }

    /** null: nothing to say. A job with its interval, a listener with its options: as JSON. */
    private function text(mixed $value): ?string
    {
        return match (true) {
            is_bool($value) => $value ? 'true' : 'false',
            is_int($value), is_float($value), is_string($value) => (string) $value,
            is_array($value) => json_encode($value, JSON_UNESCAPED_SLASHES | JSON_PARTIAL_OUTPUT_ON_ERROR) ?: null,
            default => null,
        };
    }

    private static function checkMap(string $key, mixed $value): void
    {
        $keyed = in_array($key, self::KEYED, true);
        if ($value === null || !$keyed && !in_array($key, self::MAPS, true)) {
            return;
        }
        if (!is_array($value)) {
            throw new UnexpectedValueException("config/laravels.php: $key must be an array; it is of type " . get_debug_type($value));
        }
        if (!$keyed && $value !== [] && array_is_list($value)) {
            throw new UnexpectedValueException("config/laravels.php: $key must be an array with names as its keys; it is a list");
        }
    }

    private function checkBasePath(mixed $value, string $basePath): void
    {
        if (is_string($value) && $value !== '' && realpath($value) !== realpath($basePath)) {
            Log::warning("config/laravels.php: laravel_base_path = $value is ignored, this is $basePath; "
                . 'set it in laravels.ini');
        }
    }
}
