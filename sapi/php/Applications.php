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
            'callable' => new CallableApplication($settings),
            'laravel' => new Laravel\LaravelApplication($settings),
            default => self::detect($settings),
        };
    }

    private static function detect(Settings $settings): Application
    {
        $base = $settings->basePath;
        if (is_file("$base/think")) {
            throw new RuntimeException("$base is a ThinkPHP application: serving ThinkPHP comes in a later version");
        }
        if (is_file("$base/bootstrap/app.php") && is_file("$base/artisan")) {
            return new Laravel\LaravelApplication($settings);
        }
        throw new RuntimeException("no application found in $base: a Laravel application has artisan and "
            . 'bootstrap/app.php there; for any other set framework = callable and entry = FILE in [rserverd]');
    }
}
