<?php

declare(strict_types=1);

namespace Rserverd\Console;

use Closure;
use RuntimeException;

/** Copies what belongs to the application into it: its settings, and the programs that people know. */
final class Publisher
{
    private const SOURCE = __DIR__ . '/../laravels/';

    /** file => [mode, ask before an existing one is replaced] */
    private const FILES = [
        'config/laravels.php' => [0644, true],
        'bin/laravels' => [0755, false],
        'bin/fswatch' => [0755, false],
        'bin/inotify' => [0755, false],
    ];

    /**
     * @param Closure(string): bool $mayReplace asked with the path of a file that is there
     *
     * @return iterable<string, string> path => what became of it
     */
    public static function publish(string $base, Closure $mayReplace): iterable
    {
        foreach (self::FILES as $name => [$mode, $ask]) {
            $to = "$base/$name";
            if ($ask && file_exists($to) && !$mayReplace($to)) {
                yield $to => 'kept';
                continue;
            }
            $there = file_exists($to);
            self::copy(self::SOURCE . $name, $to, $mode);
            yield $to => $there ? 'replaced' : 'written';
        }
    }

    /** Into a new file that then takes the name: an old one may be a link to a file of somebody else's. */
    private static function copy(string $from, string $to, int $mode): void
    {
        $folder = dirname($to);
        if (!is_dir($folder) && !@mkdir($folder, 0755, true) && !is_dir($folder)) {
            throw new RuntimeException("cannot make the folder $folder");
        }
        $new = @tempnam($folder, '.new');
        // tempnam() falls back to the system's folder, from where the name could not be taken.
        if ($new === false || realpath(dirname($new)) !== realpath($folder)) {
            is_string($new) && @unlink($new);
            throw new RuntimeException("cannot write in $folder");
        }
        if (!@copy($from, $new) || !@chmod($new, $mode) || !@rename($new, $to)) {
            @unlink($new);
            throw new RuntimeException("cannot write $to");
        }
    }
}
