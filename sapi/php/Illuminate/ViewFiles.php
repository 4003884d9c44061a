<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Illuminate\Filesystem\Filesystem;
use Illuminate\View\Compilers\Compiler;
use ReflectionProperty;

/**
 * The files of the Blade compiler. OPcache tells versions of a file apart by their modification time in seconds, so of
 * two versions compiled within one second it would serve the first for ever; php-fpm is spared that by not caching
 * young files, which a resident process must do. Here OPcache is told of every file that is written.
 */
final class ViewFiles extends Filesystem
{
    public static function give(Compiler $compiler): void
    {
        $files = new ReflectionProperty(Compiler::class, 'files');
        if ($files->getValue($compiler)::class === Filesystem::class && function_exists('opcache_invalidate')) {
            $files->setValue($compiler, new self());
        }
    }

    public function put($path, $contents, ...$more)
    {
        $written = parent::put($path, $contents, ...$more);
        @opcache_invalidate($path, true);

        return $written;
    }

    public function replace($path, $content, ...$more)
    {
        parent::replace($path, $content, ...$more);
        @opcache_invalidate($path, true);
    }
}
