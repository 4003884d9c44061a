<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Components;

abstract class MetricCollector implements MetricCollectorInterface
{
    /** @var array<string, mixed> */
    protected $config;

    public function __construct(array $config)
    {
        $this->config = $config;
    }
}
