<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Closure;
use ReflectionObject;
use ReflectionProperty;

/**
 * Services made while booting that keep a request in a property: they hold the one of the boot, made from app.url. Each
 * gets the request that runs instead. The URL generator is not among them: the framework itself tells it.
 */
final class RequestHolders
{
    /** @var list<array{ReflectionProperty, object}> */
    private array $holders = [];

    /** @param iterable<string, mixed> $instances the container's, as booted */
    public function __construct(iterable $instances, private readonly object $bootRequest)
    {
        foreach ($instances as $name => $instance) {
            if (is_object($instance) && $name !== 'url' && !$instance instanceof Closure) {
                $this->look($instance, $bootRequest);
            }
        }
    }

    public function tell(object $request): void
    {
        foreach ($this->holders as [$property, $object]) {
            $property->setValue($object, $request);
        }
    }

    /** Between two requests: nobody keeps the last one alive. */
    public function forget(): void
    {
        $this->tell($this->bootRequest);
    }

    private function look(object $instance, object $bootRequest): void
    {
        if (!in_array($bootRequest, (array) $instance, true)) {
            return;
        }
        for ($class = new ReflectionObject($instance); $class; $class = $class->getParentClass()) {
            foreach ($class->getProperties() as $property) {
                if (!$property->isStatic() && !$property->isReadOnly() && $property->isInitialized($instance)
                    && $property->getValue($instance) === $bootRequest) {
                    $this->holders[] = [$property, $instance];
                }
            }
        }
    }
}
