<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate\Cleaners;

use Illuminate\Container\Container;
use ReflectionProperty;

/** encore/laravel-admin: scripts, styles and titles that a page added to the class itself. */
class LaravelAdminCleaner extends ForgettingCleaner
{
    private const ADMIN = 'Encore\Admin\Admin';

    private const RESET = [
        'deferredScript' => [], 'script' => [], 'style' => [], 'css' => [], 'js' => [], 'html' => [], 'headerJs' => [],
        'manifestData' => [], 'extensions' => [], 'minifyIgnores' => [], 'bootingCallbacks' => [], 'bootedCallbacks' => [],
        'manifest' => 'vendor/laravel-admin/minify-manifest.json', 'metaTitle' => null, 'favicon' => null,
    ];

    protected $services = [self::ADMIN];

    /** @var list<array{ReflectionProperty, mixed}> */
    private $statics = [];

    public function __construct(Container $currentApp, Container $snapshotApp)
    {
        parent::__construct($currentApp, $snapshotApp);
        foreach (self::RESET as $name => $value) {
            if (property_exists(self::ADMIN, $name)) {
                $this->statics[] = [new ReflectionProperty(self::ADMIN, $name), $value];
            }
        }
    }

    public function clean()
    {
        parent::clean();
        foreach ($this->statics as [$property, $value]) {
            $property->setValue(null, $value);
        }
    }
}
