<?php

declare(strict_types=1);

namespace Rserverd;

use RuntimeException;

/** Decides what kind of application lies in laravel_base_path. */
final class Applications
{
    public static function choose(Settings $settings): Application
    {
        return match ($settings->framework) {
            'callable' => self::callable($settings),
            'laravel', 'lumen' => new Illuminate\ResidentApplication($settings),
            default => self::detect($settings),
        };
    }

    private static function callable(Settings $settings): Application
    {
        if ($settings->isolation === 'simple') {
            throw new RuntimeException('isolation = simple restores the container of Laravel and Lumen, and with framework = '
                . 'callable there is none; allowed: snapshot, fork, greedy');
        }

        return new CallableApplication($settings);
    }

    private static function detect(Settings $settings): Application
    {
        $base = $settings->basePath;
        if (is_file("$base/think")) {
            throw new RuntimeException("$base is a ThinkPHP application: serving ThinkPHP comes in a later version");
        }
        if (is_file("$base/bootstrap/app.php")) {
            // Laravel or Lumen: the object that this file returns decides, see Boot.
            return new Illuminate\ResidentApplication($settings);
        }
        throw new RuntimeException("no application found in $base: a Laravel or Lumen application has bootstrap/app.php "
            . 'there; for any other set framework = callable and entry = FILE in [rserverd]');
    }
}
