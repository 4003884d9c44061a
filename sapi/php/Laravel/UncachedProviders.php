<?php

declare(strict_types=1);

namespace Rserverd\Laravel;

use Illuminate\Contracts\Foundation\Application;
use Illuminate\Filesystem\Filesystem;
use Illuminate\Foundation\ProviderRepository;

/**
 * A list of providers as the framework loads it, deferred ones included, but without bootstrap/cache/services.php: that
 * file is about the whole list, and Artisan and php-fpm write it.
 */
final class UncachedProviders extends ProviderRepository
{
    public function __construct(Application $app)
    {
        parent::__construct($app, new Filesystem(), '');
    }

    public function loadManifest()
    {
        return null;
    }

    public function writeManifest($manifest)
    {
        return $manifest + ['when' => []];
    }

    /**
     * What a list comes to; the events that load a deferred provider are listened to from now on.
     *
     * @param list<string> $classes
     *
     * @return array{eager: list<string>, deferred: array<string, string>}
     */
    public function prepare(array $classes): array
    {
        $manifest = $this->compileManifest($classes);
        foreach ($manifest['when'] as $provider => $events) {
            $this->registerLoadEvents($provider, $events);
        }

        return ['eager' => $manifest['eager'], 'deferred' => $manifest['deferred']];
    }
}
